import { CLOCK } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Leaves a group in order: what this consumer still holds is parked, due at once, so that another has it without
 * waiting for a lease; then its heartbeat and its name go.
 *
 * KEYS: 1 stream · 2 retry set · 3 heartbeats
 * ARGV: 1 group · 2 consumer · 3… those of its entries that it has not begun: their delivery does not count
 * Result: how many entries were given back
 */
export const leave: Script<number> = new Script(
  "leave",
  3,
  `${CLOCK}
local given = 0
local unbegun = {}
for i = 3, #ARGV do unbegun[ARGV[i]] = true end
while true do
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 500, ARGV[2])
  if #held == 0 then break end
  for _, entry in ipairs(held) do
    local count = unbegun[entry[1]] and math.max(0, entry[4] - 1) or entry[4]
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, entry[1], 'RETRYCOUNT', count, 'JUSTID')
    if #claimed == 1 then
      redis.call('ZADD', KEYS[2], now, entry[1])
      given = given + 1
    end
  end
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return given
`,
);
