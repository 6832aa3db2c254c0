import { CLOCK } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Stores a command's answer, sends it, and acknowledges the command, in one step. A sender that was away finds the
 * stored answer, and a command that is redelivered gets it again without running twice.
 * KEYS: 1 stored answer · 2 stream · 3 errors (hash)
 * ARGV: 1 answer · 2 ms to keep it · 3 the sender's channel · 4 group · 5 entry id, empty to acknowledge nothing
 * Result: nil
 */
export const answer: Script<null> = script("answer")`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[1])
if ARGV[5] ~= '' then
  redis.call('XACK', KEYS[2], ARGV[4], ARGV[5])
  redis.call('HDEL', KEYS[3], ARGV[5])
end
`;

/**
 * Finds, before a command runs, the answer of an earlier delivery. Redis' clock decides if its sender has given up.
 * KEYS: 1 stored answer
 * ARGV: 1 when the sender gives up, in ms since 1970
 * Result: the stored answer; `expired`; or nil when the command should run
 */
export const answered: Script<string | null> = script("answered")`${CLOCK}
return redis.call('GET', KEYS[1]) or now > tonumber(ARGV[1]) and 'expired' or nil
`;
