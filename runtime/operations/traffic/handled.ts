import { UNTYPED } from "../../redis/lua/handover.js";

/** The types that a group handles; `unknown` for one that does not tell, such as one of another language. */
export type Handled = ReadonlySet<string> | "unknown";

/** Reads the records of a group's members: a line for each type, between two line feeds, behind a mark or none. */
export function handledIn(records: readonly string[]): Handled {
  const told = records.filter((record) => record.includes("\n"));
  if (told.length === 0 || records.some((record) => record.startsWith("?"))) return "unknown";
  return new Set(told.flatMap((record) => record.split("\n").slice(1, -1).flatMap(typeIn)));
}

function typeIn(line: string): readonly string[] {
  if (line === UNTYPED) return [""];
  try {
    const type: unknown = JSON.parse(line);
    return typeof type === "string" ? [type] : [];
  } catch {
    return [];
  }
}
