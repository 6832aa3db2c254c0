import { Script } from "./script.js";

/**
 * Acknowledges entries of which some have failed before, and forgets those ones' errors. In one step: a crash between
 * the two would leave the errors behind for good.
 *
 * KEYS: 1 stream · 2 errors (hash)
 * ARGV: 1 group · 2 how many failed before · then their ids · then the others' ids
 * Result: how many were pending
 */
export const acknowledge: Script<number> = new Script(
  "acknowledge",
  2,
  `
redis.call('HDEL', KEYS[2], unpack(ARGV, 3, 2 + ARGV[2]))
return redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 3))
`,
);
