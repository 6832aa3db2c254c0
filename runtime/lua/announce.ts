import { Script } from "./script.js";

/**
 * Adds a notification to its stream, for the record, and sends it to whoever listens now. Both or neither: a crash
 * cannot come between. What is sent carries the entry's id, from which a listener can go on later.
 *
 * KEYS: 1 stream
 * ARGV: 1 channel · 2 the message as a JSON object · 3… field, value, … of the entry
 * Result: the entry's id
 */
export const announce: Script<string> = new Script(
  "announce",
  1,
  `
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3))
redis.call('PUBLISH', ARGV[1], '{"entry_id":"' .. id .. '",' .. string.sub(ARGV[2], 2))
return id
`,
  { needsMemory: true },
);
