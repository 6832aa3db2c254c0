import { type Script, script } from "./script.js";

/**
 * Records a consumer's heartbeat. A plain ZADD would be refused when Redis has no memory left.
 * KEYS: 1 heartbeats
 * ARGV: 1 any number that differs from the last one · 2 consumer
 * Result: 1 when the consumer is new there, else 0
 */
export const beat: Script<number> = script("beat")`return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])`;
