import { readdirSync, readFileSync } from "node:fs";

/** A change of the tables, as one file of SQL. */
export interface Migration {
  /** Its number, counted from 1: the version of the tables once it has run. */
  readonly version: number;
  /** The name of its file. */
  readonly name: string;
  readonly sql: string;
}

/** All migrations in their order. In the built package, where nothing is found by its path, they are texts in the code. */
export function migrations(): readonly Migration[] {
  const folder = new URL("migrations/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name) => ({
    version: Number.parseInt(name, 10),
    name,
    sql: readFileSync(new URL(name, folder), "utf8"),
  }));
}
