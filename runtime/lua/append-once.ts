import { Script } from "./script.js";

/**
 * Adds an entry unless one was added under the same message id within the window.
 *
 * KEYS: 1 stream · 2 what remembers the message id
 * ARGV: 1 the window in ms · 2… field, value, … of the entry
 * Result: the entry's id, whichever call added it
 */
export const appendOnce: Script<string> = new Script(
  "append_once",
  2,
  `
local stored = redis.call('GET', KEYS[2])
if stored then return stored end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
redis.call('SET', KEYS[2], id, 'PX', ARGV[1])
return id
`,
);
