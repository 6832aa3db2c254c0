import type { Descriptor } from "../../contract/descriptor.js";
import { MessagingError } from "../../errors.js";
import { AuditTrail, type Change } from "../../operations/audit/audit-trail.js";
import { Groups } from "../../operations/groups/groups.js";
import { type DeadLetterState, readLetter, type SettledLetter } from "../../operations/index.js";
import type { Operator } from "../../operations/operator.js";
import { deadLettersOf } from "../../operations/redis-dead-letters.js";
import { several } from "../pages/words.js";
import type { Action, Actor } from "./source.js";

/** So many letters are settled by one request: a browser does not wait for more. */
const MOST_AT_ONCE = 1000;

/** What was done, for the record and for whoever did it. */
interface Done {
  readonly text: string;
  readonly outcome: Readonly<Record<string, unknown>>;
}

/** Makes what operators change, and has it recorded. */
export class Changes {
  readonly #descriptors: readonly Descriptor[];
  readonly #letters: ReturnType<typeof deadLettersOf>;
  readonly #groups: Groups;
  readonly #audit: AuditTrail;

  constructor({ config, routes }: Operator, descriptors: readonly Descriptor[]) {
    this.#descriptors = descriptors;
    this.#letters = deadLettersOf(config, routes);
    this.#groups = new Groups(config, routes);
    this.#audit = new AuditTrail(config, routes);
  }

  /**
   * Resolves to what was done, as a sentence.
   *
   * @throws whatever the change throws; nothing is changed where the record cannot be written
   */
  async make(action: Action, { who, why }: Actor): Promise<string> {
    const change = { who, why: why === "" ? undefined : why, details: { by: "dashboard" } };
    let text = "";
    await this.#audit.recorded({ ...change, ...aboutOf(action) }, async () => {
      const done = await this.#make(action, { who, why });
      text = done.text;
      return done.outcome;
    });
    return text;
  }

  async #make(action: Action, { who: by, why }: Actor): Promise<Done> {
    switch (action.action) {
      case "redrive":
        return doneOf(await this.#letters.redrive(action.stream, action.id, { by }));
      case "redrive-edited":
        return doneOf(await this.#redriveEdited(action, by));
      case "discard":
        return doneOf(await this.#letters.discard(action.stream, action.id, why, { by }));
      case "redrive-all":
        return counted("redriven", this.#letters.redriveEach(action.stream, { cause: action.cause }, { by }));
      case "discard-all":
        return counted("discarded", this.#letters.discardEach(action.stream, { cause: action.cause }, why, { by }));
      case "pause": {
        const { advice } = await this.#groups.pause(action.stream, action.group, {
          by,
          ...(why === "" ? {} : { why }),
        });
        return { text: ["Paused", ...advice].join(". "), outcome: {} };
      }
      case "resume": {
        const { released } = await this.#groups.resume(action.stream, action.group);
        return { text: "Resumed", outcome: { released } };
      }
      case "retry-now": {
        const due = await this.#groups.retryNow(action.stream, action.group);
        return { text: `${several(due, "retry").replace("retrys", "retries")} due now`, outcome: { due } };
      }
    }
  }

  async #redriveEdited(
    { stream, id, text }: Action & { action: "redrive-edited" },
    by: string,
  ): Promise<DeadLetterState> {
    const { descriptor } = readLetter(await this.#letters.get(stream, id), this.#descriptors);
    if (descriptor === undefined) {
      throw new MessagingError("DEAD_LETTER_MISSING", "it cannot be edited: the catalogue does not describe its type");
    }
    return this.#letters.redriveEdited(descriptor, id, parsed(text) as never, { by });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [where = ""] = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message) ?? [];
    throw new MessagingError("CONTRACT_VIOLATED", `the edited message is not JSON ${where}`.trim());
  }
}

function aboutOf(action: Action): Pick<Change, "action" | "target"> {
  const target = "group" in action ? action.group : "cause" in action ? `cause ${action.cause}` : action.id;
  return { action: `dashboard ${action.action}`, target: `${action.stream} ${target}` };
}

function doneOf(state: DeadLetterState): Done {
  const { state: word } = state;
  const text =
    word === "redriven" ? `Redriven by ${state.by}` : word === "discarded" ? `Discarded by ${state.by}` : "Still open";
  return { text, outcome: { state: word } };
}

async function counted(word: "redriven" | "discarded", letters: AsyncIterable<SettledLetter>): Promise<Done> {
  let [count, left] = [0, 0];
  for await (const { state } of letters) {
    if (state.state === word) count++;
    else left++;
    if (count + left === MOST_AT_ONCE) break;
  }
  const rest = left === 0 ? "" : `, ${several(left, "letter")} left as they are`;
  const more = count + left === MOST_AT_ONCE ? "; there may be more, so do it again" : "";
  return { text: `${several(count, "letter")} ${word}${rest}${more}`, outcome: { [word]: count, left } };
}
