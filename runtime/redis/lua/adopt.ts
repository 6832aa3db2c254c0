import { MINE } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Begins one entry that was taken over from a dead consumer: counts its delivery, just before it runs.
 *
 * KEYS: 1 stream
 * ARGV: 1 group · 2 consumer · 3 entry id
 * Result: its fields and how often it has now been delivered, or nil when it is not mine any more or is gone
 */
export const adopt: Script<[fields: string[], attempt: number] | null> = new Script(
  "adopt",
  1,
  `${MINE}
if #mine == 0 then return nil end
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3])
if #claimed == 0 then return nil end
return { claimed[1][2], mine[1][4] + 1 }
`,
);
