import { WITHOUT_FOREIGN } from "./beats.js";
import { CLOCK, MAP, TICKS, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";
import { IS_LONG } from "./short-fields.js";

/** What becomes of a member: it lives, will leave when its handlers have ended, has left, or is taken for dead. */
export type MemberStep = "beat" | "retire" | "leave" | "expel";

/**
 * Changes the members that share a stream's partitions. The script that changes them also makes the plan: it is made in one
 * place, one change after the other, without a leader. Each member keeps what it has up to its share, which differs by one at
 * most from that of any other, and the rest is dealt out: the fewest partitions move. A member that is about to leave has no
 * share.
 *
 * The version never falls behind Redis' clock, so that one which a failover has undone is not given to another plan. Who knows
 * an older topology than the plan changes the members of the plan, and not its partitions.
 * KEYS: 1 members (sorted set) · 2 plan (hash)
 * ARGV: 1 `beat`, `retire`, `leave`, or `expel` if its heartbeat still is the given one · 2 the member · 3 its heartbeat · 4 the
 *       version that the caller knows · 5 the version of the topology that it knows · then the streams of that
 * Result: the version · where it is not the one known, the streams of the member
 */
export const member: Script<[version: string, ...streams: string[]]> = script(
  "member",
)`${TICKS}${MAP}${WHOLE}${WITHOUT_FOREIGN}
local me, changed = ARGV[2], false
local plan = map(redis.call('HGETALL', KEYS[2]))
if ARGV[1] == 'beat' then
  changed = redis.call('ZADD', KEYS[1], ARGV[3], me) == 1
  -- One that is started again takes part again, though it could not leave before.
  if redis.call('HDEL', KEYS[2], '-' .. me) == 1 then
    plan['-' .. me], changed = nil, true
  end
elseif ARGV[1] == 'retire' then
  changed = not plan['-' .. me] and redis.call('ZSCORE', KEYS[1], me)
  if changed then
    redis.call('HSET', KEYS[2], '-' .. me, '1')
    plan['-' .. me] = '1'
  end
elseif ARGV[1] == 'leave' or redis.call('ZSCORE', KEYS[1], me) == ARGV[3] then
  changed = redis.call('ZREM', KEYS[1], me) == 1
end

local topology, names = whole(plan.topology) or -1, {}
local is_newer = topology < tonumber(ARGV[5])
if topology <= tonumber(ARGV[5]) then
  for i = 6, #ARGV do names[#names + 1] = ARGV[i] end
else
  for field in pairs(plan) do
    if string.sub(field, 1, 1) == '=' then names[#names + 1] = string.sub(field, 2) end
  end
  table.sort(names)
end

local all = without_foreign(KEYS[1], redis.call('ZRANGE', KEYS[1], 0, -1))
if #all == 0 then
  redis.call('DEL', KEYS[2])
  return { '0' }
end
-- A version that others have written is replaced, by a plan that is made anew.
local is_foreign = plan.version and not whole(plan.version)
if changed or is_newer or is_foreign then
  local members, held, free, stale = {}, {}, {}, {}
  for _, x in ipairs(all) do
    if not plan['-' .. x] then
      members[#members + 1] = x
      held[x] = {}
    end
  end
  for field in pairs(plan) do
    local mark = string.sub(field, 1, 1)
    local is_of_member = mark == '-' or mark == '?'
    if mark == '=' or is_of_member and not redis.call('ZSCORE', KEYS[1], string.sub(field, 2)) then stale[field] = true end
  end
  for _, name in ipairs(names) do
    stale['=' .. name] = nil
    local h = held[plan['=' .. name] or '']
    if h then h[#h + 1] = name else free[#free + 1] = name end
  end
  local count, room = #members, {}
  if count > 0 then
    local base, extra = math.floor(#names / count), #names % count
    table.sort(members, function(a, b)
      if #held[a] ~= #held[b] then return #held[a] > #held[b] end
      return a < b
    end)
    for i, x in ipairs(members) do
      local share = base + (i <= extra and 1 or 0)
      while #held[x] > share do free[#free + 1] = table.remove(held[x]) end
      for _ = #held[x] + 1, share do room[#room + 1] = x end
    end
  end
  -- Where nobody stays, the last one keeps them until it leaves.
  for i, name in ipairs(room) do redis.call('HSET', KEYS[2], '=' .. free[i], name) end
  for field in pairs(stale) do redis.call('HDEL', KEYS[2], field) end
  local version = string.format('%.0f', math.max((whole(plan.version) or 0) + 1, ticks))
  redis.call('HSET', KEYS[2], 'version', version, 'topology', math.max(topology, tonumber(ARGV[5])))
end

local version = redis.call('HGET', KEYS[2], 'version') or '0'
if version == ARGV[4] then return { version } end
local mine, now_planned = { version }, redis.call('HGETALL', KEYS[2])
for i = 1, #now_planned, 2 do
  if now_planned[i + 1] == me and string.sub(now_planned[i], 1, 1) == '=' then
    mine[#mine + 1] = string.sub(now_planned[i], 2)
  end
end
return mine
`;

/**
 * Makes a member the owner of a partition: of one that is free, or its own, or that of a member which is known to be dead. Its
 * epoch is greater than any before, and never falls behind Redis' clock, so that one which a failover has undone is not given
 * out again. Where the new master's clock is behind, whoever had that one gets a greater one all the same. Every read and
 * settlement of an owner compares it. Its readers begin anew.
 * KEYS: 1 lease (hash)
 * ARGV: 1 the member · 2 an owner that is dead, or empty · 3 an epoch that the member was given before, 0 where there is none
 * Result: the owner · its epoch, empty where it is another member
 */
export const acquireLease: Script<[owner: string, epoch: string]> = script("acquire_lease")`${TICKS}${WHOLE}${IS_LONG}
local owner = not is_long(KEYS[1], 'owner') and redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= '' and owner ~= ARGV[1] and owner ~= ARGV[2] then return { owner, '' } end
local epoch = math.max((whole(redis.call('HGET', KEYS[1], 'epoch')) or 0) + 1, tonumber(ARGV[3] or 0) + 1, ticks)
epoch = string.format('%.0f', epoch)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch)
redis.call('HDEL', KEYS[1], 'reader', 'redrive reader')
return { ARGV[1], epoch }
`;

/**
 * Makes known that a partition's owner takes entries by a new reader. To repeat it changes nothing.
 * KEYS: 1 lease (hash)
 * ARGV: 1 the field of the reader · 2 its number
 * Result: the greatest number of a reader
 */
export const raiseReader: Script<number> = script("raise_reader")`${WHOLE}
local latest = whole(redis.call('HGET', KEYS[1], ARGV[1])) or 0
if latest >= tonumber(ARGV[2]) then return latest end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return tonumber(ARGV[2])
`;

/**
 * Frees a partition, if the epoch is still that of its owner. The epoch stays.
 * KEYS: 1 lease (hash)
 * ARGV: 1 the epoch
 * Result: 1 when it is free, 0 when it is another member's
 */
export const releaseLease: Script<number> = script("release_lease")`
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', '')
return 1
`;

/**
 * Records that the group of a partition is served, and its owner's heartbeat, for those who look at the group. Nothing is
 * decided by it: a member lives by its heartbeat among those that share.
 * KEYS: 1 lease (hash) · 2 the group's position (hash) · 3 heartbeats (sorted set)
 * ARGV: 1 the member · 2 for how many ms it is served
 * Result: nil
 */
export const serve: Script<null> = script("serve")`${CLOCK}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return nil end
redis.call('HSET', KEYS[2], 'served', now + ARGV[2])
redis.call('ZADD', KEYS[3], now, ARGV[1])
`;

/**
 * Records which partitions a stream has.
 * KEYS: 1 the topology (hash)
 * ARGV: 1 the version that the caller knows, 0 where there is none · names and values of the record
 * Result: 1 when it is done, 0 when the record was changed meanwhile
 */
export const recordTopology: Script<number> = script("record_topology")`
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`;
