// cache/ keeps what is known of schema files that have not changed; it may import print/, check/, typescript/,
// model/, load/, schema/ and the runtime's contract.

import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { digestOf } from "./digest.js";
import { cacheFolderFor } from "./place.js";
import { prune } from "./prune.js";
import type { Known, Unit, Whole } from "./unit.js";

/** What the file holds below its checksum. */
interface Written {
  readonly units: readonly (readonly [path: string, unit: Unit])[];
  readonly whole: Whole;
  readonly shapes: readonly (readonly [shape: string, printed: string])[];
}

/**
 * Keeps what is known of a catalogue's files from one run to the next, in a file below `node_modules/.cache`. It may be
 * deleted at any time. What cannot be read as it was written counts as nothing.
 */
export class Store {
  readonly #file: string;
  readonly #key: string;
  #content: string | undefined;

  private constructor(file: string, key: string) {
    this.#file = file;
    this.#key = key;
  }

  /**
   * The store of a catalogue; `undefined` if there is no place for it.
   *
   * @param circumstances what its output depends on beside the schemas
   */
  static of(schemasFolder: string, ...circumstances: readonly string[]): Store | undefined {
    const schemas = resolve(schemasFolder);
    const folder = cacheFolderFor(schemas);
    if (folder === undefined) return undefined;
    const file = join(folder, `${digestOf(schemas)}.json`);
    return new Store(file, digestOf(schemas, ...circumstances));
  }

  read(): Known | undefined {
    try {
      const text = readFileSync(this.#file, "utf8");
      const end = text.indexOf("\n");
      const content = text.slice(end + 1);
      if (text.slice(0, end) !== digestOf(this.#key, content)) return undefined;
      this.#content = content;
      const { units, whole, shapes } = JSON.parse(content) as Written;
      return { units: new Map(units), whole, shapes: new Map(shapes) };
    } catch {
      return undefined;
    }
  }

  /**
   * Replaces the file as a whole, so that of two processes one has written it, and removes those of catalogues that are
   * gone. What it holds already is left there.
   */
  write({ units, whole, shapes }: Known): void {
    const content = JSON.stringify({ units: [...units], whole, shapes: [...shapes] } satisfies Written);
    attempt(() => (content === this.#content ? this.#touch() : this.#replace(content)));
  }

  /** Says that the file is used. */
  #touch(): void {
    const now = new Date();
    utimesSync(this.#file, now, now);
  }

  #replace(content: string): void {
    const folder = dirname(this.#file);
    const temporary = `${this.#file}.${randomUUID()}.tmp`;
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(temporary, `${digestOf(this.#key, content)}\n${content}`);
      renameSync(temporary, this.#file);
    } catch (error) {
      attempt(() => rmSync(temporary, { force: true }));
      throw error;
    }
    prune(folder);
  }
}

/** A folder that cannot be written to leaves the next run with all to do, and is no reason to fail. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {}
}
