import { RECORD } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Notes a failed attempt of an entry that its consumer keeps in hand and will try again itself.
 *
 * KEYS: 1 errors (hash)
 * ARGV: 1 entry id · 2 the error, as JSON
 * Result: how long the errors of that entry now are
 */
export const note: Script<number> = new Script(
  "note",
  1,
  `${RECORD}
return recorded(KEYS[1], ARGV[1], ARGV[2])
`,
);
