import type { TakenOver } from "../../broker/membership.js";
import { ABRIDGED, buriedIn, failuresIn, LENGTH } from "./fragment.js";
import type { Delivered } from "./retry.js";
import { type Script, script } from "./script.js";

/** An entry that was taken over: its id, its fields (if they are needed), its next attempt, and 1 if it is suspected, else 0. */
export type Reaped = [id: string, fields: string[], attempt: number, isSuspect: number];

/**
 * Takes over the entries of a dead consumer. It is dead only if its heartbeat is still the one that the caller has
 * watched for a whole lease. The claims count no delivery: most entries were merely prefetched. An entry is suspected when
 * more deliveries are counted than failed attempts and the one to the dead consumer: it had begun in another process that
 * died, too. The consumer is deleted in the same step, but only when it has nothing pending: Redis drops the pending
 * entries of a deleted consumer. The types that it handled are forgotten with its name; its heartbeat goes last, so that a
 * step that was refused is repeated.
 * KEYS: 1 stream · 2 heartbeats · 3 handled types (hash) · 4 errors (hash)
 * ARGV: 1 group · 2 the caller · 3 the dead consumer · 4 its heartbeat as watched · 5 how many entries at most · 6 a new
 *       version of the handled types · 7 if the entries' fields are needed, after how many bytes of them to stop, else empty ·
 *       8 beyond how many bytes an entry is abridged
 * Result: what was taken over, the oldest first; or nil when the consumer lives
 */
export const reap: Script<Reaped[] | null> = script("reap", { takes: true })`${failuresIn(4)}${LENGTH}${ABRIDGED}
if (redis.call('ZSCORE', KEYS[2], ARGV[3]) or '') ~= ARGV[4] then return nil end
local taken, left = {}, tonumber(ARGV[7])
for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], ARGV[3])) do
  if left and left <= 0 then break end
  local id, count, fields = entry[1], entry[4], {}
  local claimed
  if left then
    claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', count)
    if claimed[1] then
      local bytes
      fields, bytes = abridged(claimed[1][2], ARGV[8])
      left = left - bytes
    end
  else
    claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID')
  end
  if claimed[1] then taken[#taken + 1] = { id, fields, count + 1, deaths(id, count + 1) > 1 and 1 or 0 } end
end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[3]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[3])
  if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then
    redis.call('HSET', KEYS[3], 'version', ARGV[6])
    redis.call('HDEL', KEYS[3], ARGV[3])
  end
  redis.call('ZREM', KEYS[2], ARGV[3])
end
return taken
`;

/**
 * Fetches entries that their consumer holds by their ids, just before they begin. One that is not pending at all, although
 * nobody can have taken it over, was dropped when an operator deleted the consumer: it becomes pending again.
 * KEYS: 1 stream · 2 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 after how many bytes of fields to stop · 4 beyond how many bytes an entry is abridged · then
 *       of each entry: its id · how often it counts as delivered from now on, at least · `kept` when nobody can have taken
 *       it over, else empty
 * Result: those of the first entries that belong to the consumer · how many of the entries it has looked at
 */
export const fetch: Script<[Delivered[], number]> = script("fetch")`${buriedIn(2)}${failuresIn(2)}${LENGTH}${ABRIDGED}
local found, looked, left = {}, 0, tonumber(ARGV[3])
for i = 5, #ARGV, 3 do
  if left <= 0 then break end
  looked = looked + 1
  local id = ARGV[i]
  local theirs = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if theirs and theirs[2] == ARGV[2] or not theirs and ARGV[i + 2] ~= '' and not is_buried(id) then
    local count = math.max(theirs and theirs[4] or 1, ARGV[i + 1])
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'FORCE', 'RETRYCOUNT', count)
    if claimed[1] then
      local fields, bytes, size = abridged(claimed[1][2], ARGV[4])
      found[#found + 1] = { id, fields, count, deaths(id, count), size }
      left = left - bytes
    else
      redis.call('HDEL', KEYS[2], id)
    end
  end
end
return { found, looked }
`;

export function takenOverOf([id, fields, attempt, isSuspect]: Reaped): TakenOver {
  return { id, fields, attempt, isSuspect: isSuspect === 1 };
}
