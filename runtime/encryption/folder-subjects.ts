import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, opendir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ErasedKey, SubjectKey, SubjectKeys, SubjectStore } from "./subject-store.js";

const PAGE = 200;

/** The content of a person's file. */
interface Filed {
  readonly subject: string;
  readonly key?: SubjectKey;
  readonly erased: readonly ErasedKey[];
}

/**
 * Keeps the keys of people in a folder, a file for each. Services on one machine, or on one shared file system, may use it
 * together.
 * @example
 * const people = folderSubjects("/var/lib/message-keys");
 * const messaging = createMessaging({ service: "hr", extensions: [encryption({ keys: environmentKeys(), people })] });
 */
export function folderSubjects(path: string): SubjectStore {
  return new FolderSubjects(path);
}

class FolderSubjects implements SubjectStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async get(subject: string): Promise<SubjectKeys> {
    const { key, erased } = await this.#read(subject);
    return { key, erased };
  }

  async add(subject: string, key: SubjectKey): Promise<SubjectKeys> {
    const known = await this.#read(subject);
    if (known.key !== undefined) return { key: known.key, erased: known.erased };
    const filed = { subject, key, erased: known.erased };
    if (known.erased.length > 0) await this.#replace(filed);
    else await this.#create(filed);
    return this.get(subject);
  }

  async erase(subject: string, at: string): Promise<SubjectKey | undefined> {
    const { key, erased } = await this.#read(subject);
    if (key === undefined) return undefined;
    await this.#replace({ subject, erased: [...erased, { id: key.id, at }] });
    return key;
  }

  async *all(): AsyncIterable<readonly (readonly [string, SubjectKey])[]> {
    let page: (readonly [string, SubjectKey])[] = [];
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    for await (const { name } of await opendir(this.#path)) {
      if (!name.endsWith(".json")) continue;
      const { subject, key } = await filedAt(join(this.#path, name), "");
      if (key === undefined) continue;
      page.push([subject, key]);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  async rewrap(subject: string, key: SubjectKey): Promise<void> {
    const known = await this.#read(subject);
    if (known.key?.id === key.id) await this.#replace({ subject, key, erased: known.erased });
  }

  #read(subject: string): Promise<Filed> {
    return filedAt(this.#fileOf(subject), subject);
  }

  /** Of several processes that create it, one does. */
  async #create(filed: Filed): Promise<void> {
    const drafted = await this.#draft(filed);
    try {
      await link(drafted, this.#fileOf(filed.subject));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      await unlink(drafted);
    }
  }

  async #replace(filed: Filed): Promise<void> {
    await rename(await this.#draft(filed), this.#fileOf(filed.subject));
  }

  async #draft(filed: Filed): Promise<string> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    const path = join(this.#path, `.${randomBytes(8).toString("hex")}`);
    await writeFile(path, JSON.stringify(filed), { mode: 0o600 });
    return path;
  }

  /** A person's name may hold what no file's name may. */
  #fileOf(subject: string): string {
    return join(this.#path, `${createHash("sha256").update(subject).digest("hex")}.json`);
  }
}

async function filedAt(path: string, subject: string): Promise<Filed> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Filed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { subject, erased: [] };
    // What the parser throws quotes the text.
    throw error instanceof SyntaxError ? new Error(`${path} is not valid JSON`) : error;
  }
}
