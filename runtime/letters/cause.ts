import { createHash } from "node:crypto";
import { cut } from "../contract/printable.js";
import type { Failure } from "../handle/failure.js";
import { ownFramesIn } from "../messaging/stack.js";

/** Why letters died: those of one cause have the same message type, group, error, text and place in the code. */
export interface Cause {
  /** Ten hexadecimal digits, the same for the same cause at any time and in any process. */
  readonly id: string;
  readonly type: string | undefined;
  readonly group: string;
  /** The class of the last error. */
  readonly name: string;
  readonly code: string | undefined;
  /** Its text, with `#` for numbers and ids, and `"…"` for what is quoted. */
  readonly text: string;
  /** The frame of the service's own code from which it was thrown, also so; `undefined` where no stack is kept. */
  readonly frame: string | undefined;
}

/** What of a letter makes its cause. */
export interface Died {
  readonly type: string | undefined;
  readonly group: string;
  /** The last error's code, or its class. */
  readonly reason: string;
  /** The last error. */
  readonly error: Failure | undefined;
}

const LONGEST_TEXT = 300;

/**
 * What differs from message to message: what is quoted, addresses of mail, words with a digit. The status of an HTTP
 * response is kept, because it says what is wrong.
 */
const VARYING =
  /\b(?:status(?: code)?|HTTP)[ :=]{1,2}\d{3}\b|(?<quoted>"[^"]*"|`[^`]*`|(?<![\p{L}\p{N}])'[^']*')|[\w.+-]{1,64}@[\w.-]{1,190}|(?<![\p{L}\p{N}_-])(?=[\p{L}_-]{0,60}\p{N})[\p{L}\p{N}_-]+(?:\.\d+)*/gu;

/** A text without what differs from message to message. */
export function normalised(text: string): string {
  const line = cut(text.replace(/\s+/g, " ").trim(), LONGEST_TEXT);
  return line.replace(VARYING, (found, quoted?: string) => {
    if (quoted !== undefined) return `${found.charAt(0)}…${found.charAt(0)}`;
    return /^(?:status|HTTP)\b/.test(found) ? found : "#";
  });
}

/** So many errors, and so many stacks, are remembered. */
const MOST_KNOWN = 1000;

/** Tells causes, and remembers those it has told: thousands of letters have the same errors but for their time. */
export class CauseReader {
  readonly #causes = new Map<string, Cause>();
  readonly #frames = new Map<string, string | undefined>();

  of({ type, group, reason, error }: Died): Cause {
    const { name = reason, code, message = "", stack = "" } = error ?? {};
    const text = normalised(message);
    const frame = remembered(this.#frames, stack, () => frameIn(stack));
    const key = JSON.stringify([type ?? null, group, name, code ?? null, text, frame ?? null]);
    return remembered(this.#causes, key, () => ({ id: idOf(key), type, group, name, code, text, frame }));
  }
}

function frameIn(stack: string): string | undefined {
  const [frame] = ownFramesIn(stack);
  return frame && normalised(frame);
}

function idOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 10);
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  if (known.has(key)) return known.get(key) as Value;
  // They may differ with every letter.
  if (known.size >= MOST_KNOWN) known.clear();
  const value = make();
  known.set(key, value);
  return value;
}
