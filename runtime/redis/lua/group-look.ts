import { HANDOVER, PARKED } from "../keys.js";
import { differentTypes, pauseRecords } from "./look.js";
import { readOnlyScript, type Script } from "./script.js";

/** A member of a group. One that Redis does not know as a consumer has no idle time, one without a heartbeat no beat. */
export type MemberLook = readonly [name: string, idleMs: number | null, pending: number, beat: string | null];

/** Who is in a group. */
export interface MembersLook {
  /** Whether any heartbeat is of now, by Redis' clock. */
  readonly isCurrent: boolean;
  /** How many more there are, each of them heard of within a lease. */
  readonly others: number;
  readonly list: readonly MemberLook[];
}

/** What a look at a group tells, as JSON: a client decodes one text faster than many. An empty list is an empty object. */
export interface GroupLook {
  readonly members: MembersLook;
  /** Until when a heartbeat says that the group is served; empty when none has. */
  readonly served: string;
  readonly parked: number;
  /** The parked entry that is due first, and when. */
  readonly next: readonly string[];
  readonly handover: number;
  /** The oldest pending entry. */
  readonly oldest?: string;
  readonly types: readonly string[];
  /** Names and records, in turn. */
  readonly pauses: readonly string[];
  readonly redriven: number;
}

/**
 * Tells all of a group that an operator is shown. Of its members it lists each that may not be alive or whose heartbeat is not of
 * now, and of the others those that hold most: a group may have thousands. It fails when Redis refuses any of it.
 * KEYS: 1 stream · 2 heartbeats · 3 floor · 4 retry · 5 handover · 6 handled types · 7 pauses · 8 redrive
 * ARGV: 1 group · 2 now (ms) · 3 lease (ms) · 4 how many members to look at · 5 how many of the others to list · 6 the bytes of
 *       the longest name: a longer one is none of ours · 7 the bytes of all handled types · 8 those of the longest pause
 * Result: the look, as JSON
 */
export const groupLook: Script<string> = readOnlyScript`${differentTypes(6)}${pauseRecords(7)}
local now, lease, most, room = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
-- In this protocol each consumer is a table by the names of its fields.
redis.setresp(3)
local consumers, oldest = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1]), {}
redis.setresp(2)
if not consumers.err then
  oldest = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1)
elseif string.find(consumers.err, 'NOGROUP', 1, true) or string.find(consumers.err, 'no such key', 1, true) then
  consumers = {}
else
  return consumers
end

local longest, isStandIn = tonumber(ARGV[6]), { ${PARKED} = true, ${HANDOVER} = true }
local beats, beatOf, isOff, told = {}, {}, {}, 0
local written = redis.call('ZRANGE', KEYS[2], 0, most - 1, 'WITHSCORES')
for i = 1, #written, 2 do
  local name = written[i]
  if #name <= longest and not isStandIn[name] then
    beats[told + 1] = name
    beats[told + 2] = written[i + 1]
    told = told + 2
    beatOf[name] = written[i + 1]
  end
end
-- They are in order, so those that are not of now are the first and the last.
local low, high = 1, told - 1
while low <= high and (tonumber(beats[low + 1]) or 0) < now - lease do
  isOff[beats[low]] = true
  low = low + 2
end
while low <= high and (tonumber(beats[high + 1]) or 0) > now + lease do
  isOff[beats[high]] = true
  high = high - 2
end

local doubtful, sure, seen, left = {}, {}, 0, most
for i = 1, #consumers do
  if left == 0 then break end
  local member = consumers[i].map
  local name = member.name
  local beat = beatOf[name]
  if beat then seen = seen + 1 end
  member.beat = beat
  if #name <= longest and not isStandIn[name] then
    left = left - 1
    if isOff[name] or not beat and member.idle > lease then
      doubtful[#doubtful + 1] = member
    else
      sure[#sure + 1] = member
    end
  end
end
if seen < told / 2 then
  for i = 1, #consumers do beatOf[consumers[i].map.name] = nil end
  for i = 1, told, 2 do
    local name = beats[i]
    if beatOf[name] then
      local into = isOff[name] and doubtful or sure
      into[#into + 1] = { name = name, pending = 0, beat = beats[i + 1] }
    end
  end
end

local list = {}
local function tell(member)
  list[#list + 1] = { member.name, member.idle or cjson.null, member.pending, member.beat or cjson.null }
end
for _, member in ipairs(doubtful) do tell(member) end
local others = math.max(0, #sure - room)
local cut = -1
if others > 0 then
  -- They hold few different numbers of entries: that at which the room ends is found faster than all are sorted.
  local levels, counts = {}, {}
  for i = 1, #sure do
    local pending = sure[i].pending
    if not counts[pending] then levels[#levels + 1] = pending end
    counts[pending] = (counts[pending] or 0) + 1
  end
  table.sort(levels, function(a, b) return a > b end)
  for _, level in ipairs(levels) do
    cut = level
    if counts[level] >= room then break end
    room = room - counts[level]
  end
end
for i = 1, #sure do
  local pending = sure[i].pending
  if pending > cut then
    tell(sure[i])
  elseif pending == cut and room > 0 then
    room = room - 1
    tell(sure[i])
  end
end

return cjson.encode({
  members = { isCurrent = low <= high, others = others, list = list },
  served = redis.call('HGET', KEYS[3], 'served') or '',
  parked = redis.call('ZCARD', KEYS[4]),
  next = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES'),
  handover = redis.call('ZCARD', KEYS[5]),
  oldest = oldest[1] and oldest[1][1],
  types = differentTypes(most, tonumber(ARGV[7])),
  pauses = pauseRecords(most, tonumber(ARGV[8])),
  redriven = redis.call('XLEN', KEYS[8]),
})
`;
