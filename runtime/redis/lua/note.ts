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
  `
local errors = redis.call('HGET', KEYS[1], ARGV[1])
local text = (errors and errors .. ',' or '') .. ARGV[2]
redis.call('HSET', KEYS[1], ARGV[1], text)
return #text
`,
);
