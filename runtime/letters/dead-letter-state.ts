/** The state of a dead letter. */
export type DeadLetterState =
  | { readonly state: "open" }
  /** Returned to its group, as this entry of the group's redrive stream. */
  | {
      readonly state: "redriven";
      readonly at: string;
      readonly by: string;
      readonly entryId: string;
      /** The paths that an edited copy changed, if one was returned in place of the original. */
      readonly changed?: readonly string[];
    }
  | { readonly state: "discarded"; readonly at: string; readonly by: string; readonly reason: string };

const OPEN: DeadLetterState = { state: "open" };

/** A mark that cannot be read says nothing: the letter is open, so that it can be settled. */
export function stateOf(mark: string | null | undefined): DeadLetterState {
  if (mark === null || mark === undefined) return OPEN;
  try {
    const state = JSON.parse(mark) as DeadLetterState | null;
    const texts = { redriven: ["at", "by", "entryId"], discarded: ["at", "by", "reason"], open: undefined };
    const names = Object.hasOwn(texts, String(state?.state)) ? texts[state?.state ?? "open"] : undefined;
    const isState = names?.every((name) => typeof (state as unknown as Record<string, unknown>)[name] === "string");
    const { changed = [] } = state as { readonly changed?: unknown };
    const isList = Array.isArray(changed) && changed.every((path) => typeof path === "string");
    return isState === true && isList ? (state as DeadLetterState) : OPEN;
  } catch {
    return OPEN;
  }
}
