import { CLOCK, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Records a consumer's heartbeat, and that its group is served for a lease more, however busy its consumers are. Plain
 * commands would be refused when Redis has no memory left. Each of the two is done if Redis refuses the other.
 * KEYS: 1 heartbeats · 2 the group's position (hash)
 * ARGV: 1 any number that differs from the last one · 2 consumer · 3 its lease in ms · 4 `XX` if one that others have taken for
 *       dead must not come back by this, else left out
 * Result: 1 when the consumer is new there, else 0
 */
export const beat: Script<number> = script("beat")`${CLOCK}${WHOLE}
local till = now + ARGV[3]
if (whole(redis.pcall('HGET', KEYS[2], 'served')) or 0) < till then redis.pcall('HSET', KEYS[2], 'served', till) end
if ARGV[4] then return redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1], ARGV[2]) end
return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
`;
