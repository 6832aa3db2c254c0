import { pascalCase } from "../model/casing.js";
import { handlerGroup, namesOf } from "../model/names.js";
import type { Entry } from "./entry.js";
import { kindOf } from "./message-file.js";

/** `OrderPlaced` */
export function nameOf(entry: Entry): string {
  return `${pascalCase(entry.type)}${kindOf(entry).suffix}`;
}

/** The name of a message, with its kind if another type has it. */
export function freeName(entry: Entry, taken: ReadonlySet<string>): string {
  const name = entry.name ?? nameOf(entry);
  const longer = `${name}${pascalCase(entry.kind)}`;
  const candidates = [name, longer];
  for (let number = 2; ; number++) {
    const free = candidates.find((one) => !claimsOf(entry, one).some((claim) => taken.has(claim) && !isGroup(claim)));
    if (free !== undefined) return free;
    candidates.push(`${longer}${number}`);
  }
}

/** Events of one entity share the interface of their handlers. */
function isGroup(claim: string): boolean {
  return claim.endsWith("EventHandlers");
}

/** The names that the generated code of a message has. */
export function claimsOf(entry: Entry, name: string): readonly string[] {
  const group = entry.kind === "event" ? [handlerGroup(entry.type).name] : [];
  const names = namesOf({ name, kind: kindOf(entry) });
  return [...Object.values(names).map(String), ...group];
}
