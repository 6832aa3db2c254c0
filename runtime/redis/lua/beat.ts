import { Script } from "./script.js";

/**
 * A consumer's sign of life. A script, because a plain ZADD is refused when Redis has no memory left.
 *
 * KEYS: 1 heartbeats
 * ARGV: 1 the moment, any number that was not told before · 2 consumer
 * Result: 1 when it is new there, else 0
 */
export const beat: Script<number> = new Script("beat", 1, "return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])");
