import { CLOCK } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Says, before a command runs, whether it still should: its answer may be stored from an earlier delivery, or its
 * sender may have given up. Both by Redis' own clock, so that the clocks of services do not matter.
 *
 * KEYS: 1 stored answer
 * ARGV: 1 when the sender gives up, in ms since 1970
 * Result: the stored answer, `expired`, or nil when it should run
 */
export const answered: Script<string | null> = new Script(
  "answered",
  1,
  `${CLOCK}
local stored = redis.call('GET', KEYS[1])
if stored then return stored end
if now > tonumber(ARGV[1]) then return 'expired' end
return nil
`,
);
