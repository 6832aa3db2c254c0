import type { Delivery } from "../../broker/delivery.js";
import { CLOCK, DUE_AT_ONCE, MINE, RECORD } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Records that an attempt of an entry failed, and parks the entry until its retry is due. It stays in the group's pending
 * list, owned by `parked`: Redis counts its attempts, other groups do not see it, and trimming keeps it. Or its consumer
 * keeps it, and will try it again itself.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 delay in ms, empty to keep it · 5 the error, as JSON · 6 how many attempts
 *       count: not those in processes that died, because this one did not
 * Result: 1 when it is done; 0 when it belongs to another consumer; -1 when it is deleted from the stream
 */
export const park: Script<number> = script("park")`${CLOCK}${MINE}${RECORD}
if #mine == 0 then return 0 end
local owner = ARGV[4] == '' and ARGV[2] or 'parked'
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], owner, 0, ARGV[3], 'RETRYCOUNT', ARGV[6], 'JUSTID')
if #claimed == 0 then
  redis.call('HDEL', KEYS[3], ARGV[3])
  return -1
end
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[3]) end
record(KEYS[3], ARGV[3], ARGV[5])
return 1
`;

/** A released entry: its id, its fields, and how often it has now been delivered. */
export type Released = [id: string, fields: string[], attempt: number];

/**
 * Takes parked entries whose retry is due. The caller claims each, which counts a delivery. The errors of an entry that
 * is deleted from the stream are deleted too.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash) · 4 handled types (hash) · 5 handover (sorted set)
 * ARGV: 1 group · 2 consumer · 3 how many at most
 * Result: the released entries · in how many ms the next is due, or -1 when none is parked · how many entries are handed
 *         over · the version of the handled types
 */
export const release: Script<[Released[], number, number, string | null]> = script("release")`${CLOCK}
local released = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local parked = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, 'parked')
  if #parked == 1 then
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)
    if claimed[1] then
      released[#released + 1] = { id, claimed[1][2], parked[1][4] + 1 }
    else
      redis.call('HDEL', KEYS[3], id)
    end
  end
  redis.call('ZREM', KEYS[2], id)
end
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local due = #next == 2 and math.max(0, next[2] - now) or -1
return { released, due, redis.call('ZCARD', KEYS[5]), redis.call('HGET', KEYS[4], 'version') }
`;

/**
 * Finds parked entries whose due time is lost (the retry set was deleted) and makes them due at once.
 * KEYS: 1 stream · 2 retry set
 * ARGV: 1 group · 2 the id after which to look, `-` for the first · 3 how many to look at
 * Result: the id after which to go on, or nil at the end
 */
export const sweep: Script<string | null> = script("sweep")`${CLOCK}${DUE_AT_ONCE}
local from = ARGV[2] == '-' and '-' or '(' .. ARGV[2]
local parked = redis.call('XPENDING', KEYS[1], ARGV[1], from, '+', ARGV[3], 'parked')
for _, entry in ipairs(parked) do redis.call('ZADD', KEYS[2], 'NX', due_at_once(entry[1]), entry[1]) end
if #parked < tonumber(ARGV[3]) then return nil end
return parked[#parked][1]
`;

/**
 * Repairs the set of entries that are handed over when it does not match those that wait under `handover`: it was
 * deleted, or others settled some of them. The entries become parked and due at once, so that they are handed over anew.
 *
 * KEYS: 1 stream · 2 retry set · 3 handover (sorted set)
 * ARGV: 1 group · 2 how many to look at
 * Result: how many were moved
 */
export const sweepHandover: Script<number> = script("sweep_handover")`${CLOCK}${DUE_AT_ONCE}
local waiting = 0
for _, consumer in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
  if consumer[1] == 'handover' then waiting = tonumber(consumer[2]) end
end
if redis.call('ZCARD', KEYS[3]) == waiting then return 0 end
redis.call('DEL', KEYS[3])
local page = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[2], 'handover')
for _, entry in ipairs(page) do
  redis.call('ZADD', KEYS[2], 'NX', due_at_once(entry[1]), entry[1])
  redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, entry[1], 'JUSTID')
end
return #page
`;

export function deliveryOf([id, fields, attempt]: Released): Delivery {
  return { id, fields, attempt };
}
