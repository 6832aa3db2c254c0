import type { Action, Actor } from "./source/source.js";

/** What each action needs to be told. */
const NEEDED: Readonly<Record<Action["action"], readonly string[]>> = {
  redrive: ["stream", "id"],
  "redrive-edited": ["stream", "id", "text"],
  discard: ["stream", "id"],
  "redrive-all": ["stream", "cause"],
  "discard-all": ["stream", "cause"],
  pause: ["stream", "group"],
  resume: ["stream", "group"],
  "retry-now": ["stream", "group"],
};

const LONGEST = 500;

/** Reads what a page asks to be changed. Everything in it is a text. */
export function readAction(
  text: string,
): { readonly action: Action; readonly actor: Actor } | { readonly error: string } {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { error: "the request is not JSON" };
  }
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return { error: "the request must be an object" };
  const wrong = Object.entries(given).find(([, value]) => typeof value !== "string");
  if (wrong !== undefined) return { error: `${wrong[0].slice(0, 40)} must be a text` };
  const { action = "", who = "", why = "", ...rest } = given as Readonly<Record<string, string>>;
  if (!Object.hasOwn(NEEDED, action)) return { error: "there is no such action" };
  const missing = NEEDED[action as Action["action"]].find((name) => !rest[name]);
  if (missing !== undefined) return { error: `${missing} is missing` };
  const long = Object.entries(rest).find(([name, value]) => name !== "text" && value.length > LONGEST);
  if (long !== undefined) return { error: `${long[0].slice(0, 40)} has more than ${LONGEST} characters` };
  if (who.trim() === "") return { error: "say who you are, for the record" };
  if (action.startsWith("discard") && why.trim() === "") return { error: "say why, for the record" };
  return {
    action: { action, ...rest } as unknown as Action,
    actor: { who: who.slice(0, LONGEST), why: why.slice(0, LONGEST) },
  };
}
