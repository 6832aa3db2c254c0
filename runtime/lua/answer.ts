import { Script } from "./script.js";

/**
 * Stores a command's answer and sends it. Stored first: a sender that was away finds it, and a command that is
 * delivered again is answered again instead of run again.
 *
 * KEYS: 1 stored answer
 * ARGV: 1 answer · 2 how long to keep it, in ms · 3 the sender's channel
 * Result: how many subscribers received it
 */
export const answer: Script<number> = new Script(
  "answer",
  1,
  `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('PUBLISH', ARGV[3], ARGV[1])
`,
);
