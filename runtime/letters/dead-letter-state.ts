/** The state of a dead letter. */
export type DeadLetterState =
  | { readonly state: "open" }
  /** Returned to its group, as this entry of the group's redrive stream. */
  | { readonly state: "redriven"; readonly at: string; readonly by: string; readonly entryId: string }
  | { readonly state: "discarded"; readonly at: string; readonly by: string; readonly reason: string };

const OPEN: DeadLetterState = { state: "open" };

/** A mark that cannot be read says nothing: the letter is open, so that it can be settled. */
export function stateOf(mark: string | null | undefined): DeadLetterState {
  try {
    const state = JSON.parse(mark ?? "null") as DeadLetterState | null;
    const texts = { redriven: ["at", "by", "entryId"], discarded: ["at", "by", "reason"], open: undefined };
    const names = Object.hasOwn(texts, String(state?.state)) ? texts[state?.state ?? "open"] : undefined;
    const isState = names?.every((name) => typeof (state as unknown as Record<string, unknown>)[name] === "string");
    return isState === true ? (state as DeadLetterState) : OPEN;
  } catch {
    return OPEN;
  }
}
