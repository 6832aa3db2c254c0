import { MessagingError } from "../errors.js";

/** What the conventions call an error without a type of its own. */
const OTHER = "_OTHER";
const IDENTIFIER = /^[A-Za-z_$][\w$.]{0,63}$/;
/** So many names of other errors are told apart in a process: each is a time series more. */
const MOST_NAMES = 50;
const names = new Set<string>();

/**
 * The class of an error as a value of which there are few: the code of ours, the name of others. A name that may hold a value
 * is none.
 */
export function errorTypeOf(thrown: unknown): string {
  try {
    if (thrown instanceof MessagingError) return thrown.code;
    if (!(thrown instanceof Error) || !IDENTIFIER.test(thrown.name)) return OTHER;
    if (!names.has(thrown.name)) {
      if (names.size === MOST_NAMES) return OTHER;
      names.add(thrown.name);
    }
    return thrown.name;
  } catch {
    return OTHER;
  }
}
