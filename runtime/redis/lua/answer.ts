import { CLOCK, ID_ORDER } from "./fragment.js";
import { knownTypesIn } from "./handled-types.js";
import { type Script, script } from "./script.js";

/**
 * Stores a command's answer, sends it, and acknowledges the command, in one step. A sender that was away finds the
 * stored answer, and a command that is redelivered gets it again without running twice. A command that no member handles
 * is answered only if the handled types are still those that the caller knows. The greatest id of an answered entry is
 * recorded first: a delivery beyond it is new, also after the group was created anew or set back.
 * KEYS: 1 stored answer · 2 the group's position (hash) · to acknowledge also 3 stream · 4 errors (hash) · 5 handled types
 *       (hash), if (7) is given
 * ARGV: 1 answer · 2 how long to keep it, in ms, or 0 to keep the stored one · 3 the sender's channel · 4 group · 5 entry id,
 *       empty to acknowledge nothing · 6 entry id, empty to record nothing · 7 the version of the handled types that the
 *       caller knows, or left out
 * Result: nil; or, when they have changed, the handled types
 */
export const answer: Script<string[] | null> = script("answer")`${ID_ORDER}${knownTypesIn(5)}
if ARGV[7] and redis.call('HGET', KEYS[5], 'version') ~= ARGV[7] then return known_types() end
if ARGV[6] ~= '' then
  local answered = redis.call('HGET', KEYS[2], 'answered')
  if not is_id(answered) or before(answered, ARGV[6]) then redis.call('HSET', KEYS[2], 'answered', ARGV[6]) end
end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
redis.call('PUBLISH', ARGV[3], ARGV[1])
if ARGV[5] ~= '' then
  redis.call('XACK', KEYS[3], ARGV[4], ARGV[5])
  redis.call('HDEL', KEYS[4], ARGV[5])
end
`;

/**
 * Finds, before a command runs, the answer of an earlier delivery. Redis' clock decides if its sender has given up. One that is
 * too large is not read, unless this user may not ask for its size.
 * KEYS: 1 stored answer
 * ARGV: 1 when the sender gives up, in ms since 1970 · 2 how many bytes an answer may have
 * Result: the stored answer; its size, if it is too large; `expired`; or nil when the command should run
 */
export const answered: Script<string | number | null> = script("answered")`${CLOCK}
local size = redis.acl_check_cmd('STRLEN', KEYS[1]) and redis.pcall('STRLEN', KEYS[1])
if type(size) == 'number' and size > tonumber(ARGV[2]) then return size end
local answer = redis.call('GET', KEYS[1])
if answer and #answer > tonumber(ARGV[2]) then return #answer end
return answer or now > tonumber(ARGV[1]) and 'expired' or nil
`;
