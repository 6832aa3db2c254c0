import type { RetryCall } from "../broker/retry-call.js";

/** Begins the name of a call for retries, beside what is paused of a group. Older versions pass over it. */
const CALL = "now:";
const ID = `${CALL}id:`;
const TYPE = `${CALL}type:`;

/** The name of a call in the hash. */
export function callField(type: string, id: string): string {
  if (id !== "") return ID + id;
  return type === "" ? CALL : TYPE + type;
}

/** Reads calls from names and moments as a script tells them. */
export function callsIn(records: readonly string[]): readonly RetryCall[] {
  return Array.from({ length: records.length / 2 }, (_, at) => {
    const [name, moment] = records.slice(2 * at, 2 * at + 2) as [string, string];
    return {
      at: Number(moment),
      type: name.startsWith(TYPE) ? name.slice(TYPE.length) : undefined,
      id: name.startsWith(ID) ? name.slice(ID.length) : undefined,
    };
  });
}
