import { Script } from "./script.js";

/**
 * Stores a command's answer, sends it, and acknowledges the command, in one step. Stored: a sender that was away finds
 * it, and a command that is delivered again is answered again instead of run again.
 *
 * KEYS: 1 stored answer · 2 stream · 3 errors (hash)
 * ARGV: 1 answer · 2 how long to keep it, in ms · 3 the sender's channel · 4 group · 5 entry id, or none to leave it
 *       pending
 * Result: how many subscribers received it
 */
export const answer: Script<number> = new Script(
  "answer",
  3,
  `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local received = redis.call('PUBLISH', ARGV[3], ARGV[1])
if ARGV[5] ~= '' then
  redis.call('XACK', KEYS[2], ARGV[4], ARGV[5])
  redis.call('HDEL', KEYS[3], ARGV[5])
end
return received
`,
);
