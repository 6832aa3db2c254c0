import { failuresIn, ID_ORDER, PENDING_OF, restoring } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Forgets what is recorded of parked entries that an operator has acknowledged by hand. It looks only if the retry set has more
 * entries than are parked. An entry that is pending for a member was released, and keeps its errors.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash) · 4 the entries of paused types (hash)
 * ARGV: 1 group · 2 where to go on in the set, `0` at first · 3 about how many to look at
 * Result: where to go on, or nil at the end
 */
export const sweepRetries: Script<string | null> = script(
  "sweep_retries",
)`${ID_ORDER}${failuresIn(3)}${restoring("parked", 2)}${PENDING_OF}
restore_parked()
if redis.call('ZCARD', KEYS[2]) <= pending_of('parked') then return nil end
local page = redis.call('ZSCAN', KEYS[2], ARGV[2], 'COUNT', ARGV[3])
for i = 1, #page[2], 2 do
  local id = page[2][i]
  local pending = is_id(id) and redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if not pending or pending[2] ~= 'parked' then
    redis.call('ZREM', KEYS[2], id)
    redis.call('HDEL', KEYS[4], id)
    if not pending then redis.call('HDEL', KEYS[3], id) end
  end
end
return page[1] ~= '0' and page[1] or nil
`;
