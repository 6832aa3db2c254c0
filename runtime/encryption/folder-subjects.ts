import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, opendir, readdir, readFile, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ErasedKey, SubjectKey, SubjectKeys, SubjectStore } from "./subject-store.js";

const PAGE = 200;

/** What is kept of a person. */
interface Filed {
  readonly subject: string;
  readonly key?: SubjectKey;
  readonly erased: readonly ErasedKey[];
}

/** What is kept, and how often it has changed. */
interface Version {
  readonly number: number;
  readonly filed: Filed;
}

/**
 * Keeps the keys of people in a folder, with a folder for each. Services on one machine, or on one shared file system, may use
 * it together.
 * @example
 * const people = folderSubjects("/var/lib/message-keys");
 * const messaging = createMessaging({ service: "hr", extensions: [encryption({ keys: environmentKeys(), people })] });
 */
export function folderSubjects(path: string): SubjectStore {
  return new FolderSubjects(path);
}

/**
 * Each change is a file of the next number, which one process alone can create; the one before is emptied, and its name stays.
 * So of two processes that change the same, the second one looks again at what the first one left.
 */
class FolderSubjects implements SubjectStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async get(subject: string): Promise<SubjectKeys> {
    const { key, erased } = await this.#change(subject, () => undefined);
    return { key, erased };
  }

  async add(subject: string, key: SubjectKey): Promise<SubjectKeys> {
    const filed = await this.#change(subject, (known) => (known.key === undefined ? { ...known, key } : undefined));
    return { key: filed.key, erased: filed.erased };
  }

  async erase(subject: string, at: string): Promise<SubjectKey | undefined> {
    let destroyed: SubjectKey | undefined;
    await this.#change(subject, ({ key, erased }) => {
      destroyed = key;
      return key === undefined ? undefined : { subject, erased: [...erased, { id: key.id, at }] };
    });
    return destroyed;
  }

  async *all(): AsyncIterable<readonly (readonly [string, SubjectKey])[]> {
    let page: (readonly [string, SubjectKey])[] = [];
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    for await (const { name } of await opendir(this.#path)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const { subject, key } = (await latestIn(join(this.#path, name), "")).filed;
      if (key === undefined) continue;
      page.push([subject, key]);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  async rewrap(subject: string, key: SubjectKey): Promise<void> {
    await this.#change(subject, (known) => (known.key?.id === key.id ? { ...known, key } : undefined));
  }

  /** @param next - what to keep in place of what is kept; `undefined` to leave it. Called again where another process was first */
  async #change(subject: string, next: (known: Filed) => Filed | undefined): Promise<Filed> {
    const folder = this.#folderOf(subject);
    for (;;) {
      const { number, filed } = await latestIn(folder, subject);
      const changed = next(filed);
      if (changed === undefined) return filed;
      if (!(await isCreated(folder, number + 1, changed))) continue;
      await clear(folder);
      return changed;
    }
  }

  /** A person's name may hold what no file's name may. */
  #folderOf(subject: string): string {
    return join(this.#path, createHash("sha256").update(subject).digest("hex"));
  }
}

/** Of several processes that create the same number, one does. */
async function isCreated(folder: string, number: number, filed: Filed): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${number}.${randomBytes(8).toString("hex")}`);
  await writeFile(draft, JSON.stringify(filed), { mode: 0o600 });
  try {
    await link(draft, join(folder, `${number}.json`));
    return true;
  } catch (error) {
    // Who was first has removed the draft, or will not.
    if (isCode(error, "EEXIST") || isCode(error, "ENOENT")) return false;
    throw error;
  } finally {
    await remove(draft);
  }
}

/** What a folder holds. What a process left behind that died meanwhile is removed on the way. */
async function latestIn(folder: string, subject: string): Promise<Version> {
  for (;;) {
    const names = await namesIn(folder);
    const number = latestOf(names);
    if (number === 0) return { number, filed: { subject, erased: [] } };
    const path = join(folder, `${number}.json`);
    const text = await readFile(path, "utf8");
    // Emptied since: there is a later one.
    if (text === "") continue;
    await clear(folder, names).catch(() => {
      // Who may only read leaves that to others.
    });
    try {
      return { number, filed: JSON.parse(text) as Filed };
    } catch {
      // What the parser throws quotes the text.
      throw new Error(`${path} is not valid JSON`);
    }
  }
}

/** Empties what is older than the latest, and removes the drafts that can become nothing. */
async function clear(folder: string, known?: readonly string[]): Promise<void> {
  const names = known ?? (await namesIn(folder));
  const latest = latestOf(names);
  for (const name of names) {
    const isFile = name.endsWith(".json");
    if (isFile && numberOf(name) < latest) await truncate(join(folder, name), 0);
    if (!isFile && numberOf(name) <= latest) await remove(join(folder, name));
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

function latestOf(names: readonly string[]): number {
  return Math.max(0, ...names.filter((name) => name.endsWith(".json")).map(numberOf));
}

function numberOf(name: string): number {
  return Number.parseInt(name, 10) || 0;
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error;
  });
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
