import { MAP } from "./fragment.js";
import { readOnlyScript, type Script } from "./script.js";

/** What a look at a stream tells: how many entries it has and ever had, and the ids of the greatest, the first and the last. */
export type StreamLook = readonly [length: number, added: number, greatest: string, first?: string, last?: string];

/**
 * Tells the state of a stream. Outside a script Redis would send its first and its last entry as well, however large they are.
 * KEYS: 1 stream
 * Result: the look; nil where there is no stream
 */
export const streamLook: Script<StreamLook | null> = readOnlyScript`${MAP}
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
local look = { stream.length, stream['entries-added'], stream['last-generated-id'] }
if stream.length > 0 then
  look[4] = stream['first-entry'][1]
  look[5] = stream['last-entry'][1]
end
return look
`;

/** A dead letter in short. What it does not tell is an empty text. */
type LetterLook = readonly [id: string, reason: string, type: string, source: string];

/** The open letters of a group: how many, the oldest as its index lists it, and the newest. */
export type LettersLook = readonly [group: string, open: number, oldest: string, newest: readonly LetterLook[]];

/**
 * Tells of each group that has dead letters how many of them are open, and of the newest why they are there. The source is that
 * which the message names, in either encoding.
 * KEYS: 1 the index of dead letters (sorted set) · 2 dead letters
 * ARGV: 1 of how many groups · 2 how many letters of each · 3 after how many bytes of them to stop
 * Result: the looks
 */
export const lettersLook: Script<readonly LettersLook[]> = readOnlyScript`
local function number(digits) return string.match(digits, '^0*(%d+)$') or '' end
local function brief(letter)
  local found, bytes = { group = '', reason = '', type = '', original = '' }, 0
  for i = 1, #letter, 2 do
    bytes = bytes + #letter[i + 1]
    if found[letter[i]] then found[letter[i]] = string.sub(letter[i + 1], 1, letter[i] == 'original' and 16384 or 200) end
  end
  local size, at = string.match(found.original, '14:source_service,(%d%d?%d?):()')
  local source = size and string.sub(found.original, at, at + size - 1)
  source = source or string.match(found.original, '"source_service"%s*:%s*"([^"\\]*)"') or ''
  return found.reason, found.type, string.sub(source, 1, 200), bytes
end

local looks, from, left, steps = {}, '-', tonumber(ARGV[3]), 0
-- Others may have written any number of members that are none.
while #looks < tonumber(ARGV[1]) and steps < 2 * ARGV[1] do
  steps = steps + 1
  local head = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 1)[1]
  if not head then break end
  local group = string.match(head, '^(.*)\n[os]%d+$')
  if not group then
    from = '(' .. head
  else
    local first, behind = '[' .. group .. '\no', '(' .. group .. '\no:'
    local open = redis.call('ZLEXCOUNT', KEYS[1], first, behind)
    local oldest = redis.call('ZRANGEBYLEX', KEYS[1], first, behind, 'LIMIT', 0, 1)[1] or ''
    local newest = {}
    for _, text in ipairs(redis.call('ZREVRANGEBYLEX', KEYS[1], behind, first, 'LIMIT', 0, ARGV[2])) do
      if left <= 0 then break end
      local id = number(string.sub(text, -40, -21)) .. '-' .. number(string.sub(text, -20))
      local reply = redis.pcall('XRANGE', KEYS[2], id, id)
      if not reply.err and reply[1] then
        local reason, type, source, bytes = brief(reply[1][2])
        newest[#newest + 1] = { id, reason, type, source }
        left = left - bytes
      end
    end
    looks[#looks + 1] = { group, open, oldest, newest }
    from = '(' .. group .. '\nt'
  end
end
return looks
`;

/**
 * Defines `differentTypes(most, left)`: the different records of the types that members handle, in the hash `KEYS[n]`. Most
 * members write the same record, and it is long. Where there are more records than `most`, or more than `left` bytes of
 * different ones, others have written them: `?` then, as of a member that handles any.
 */
export function differentTypes(n: number): string {
  return `
local function differentTypes(most, left)
  if redis.call('HLEN', KEYS[${n}]) > most then return { '?' } end
  local different, seen = {}, {}
  for _, record in ipairs(redis.call('HVALS', KEYS[${n}])) do
    if not seen[record] then
      seen[record] = true
      left = left - #record
      different[#different + 1] = left < 0 and '?' or record
      if left < 0 then break end
    end
  end
  return different
end`;
}

/**
 * Tells which types the members of a group handle.
 * KEYS: 1 handled types (hash)
 * ARGV: 1 the members of the largest group · 2 the bytes of all that is told
 * Result: the different records; the version of them all is one of these. `?`, as of a member that handles any, where there
 *         are more
 */
export const typesLook: Script<readonly string[]> = readOnlyScript`${differentTypes(1)}
return differentTypes(tonumber(ARGV[1]), tonumber(ARGV[2]))
`;

/**
 * Defines `pauseRecords(most, longest)`: what is paused of a group, in the hash `KEYS[n]`, and what else stands beside it, but
 * no long text: others have written those. Where there are more records than `most`, only whether the whole group is paused.
 */
export function pauseRecords(n: number): string {
  return `
local function pauseRecords(most, longest)
  local records, told = {}, {}
  if redis.call('HLEN', KEYS[${n}]) > most then
    records = { 'group', redis.call('HGET', KEYS[${n}], 'group') or '' }
  else
    records = redis.call('HGETALL', KEYS[${n}])
  end
  for i = 1, #records, 2 do
    if #records[i] <= longest and #records[i + 1] <= longest then
      told[#told + 1] = records[i]
      told[#told + 1] = records[i + 1]
    end
  end
  return told
end`;
}

/**
 * Tells what is paused of a group.
 * KEYS: 1 what is paused (hash)
 * ARGV: 1 how many records at most · 2 the bytes of the longest name or value
 * Result: names and values in turn
 */
export const pausesLook: Script<readonly string[]> = readOnlyScript`${pauseRecords(1)}
return pauseRecords(tonumber(ARGV[1]), tonumber(ARGV[2]))
`;

/** What `XINFO CONSUMERS` and the heartbeats tell of a group, as JSON: a client decodes one text faster than many. */
export interface EveryMember {
  readonly consumers: readonly (readonly [name: string, idleMs: number, pending: number])[];
  /** Names and heartbeats, in turn. */
  readonly beats: readonly string[];
}

/**
 * Tells who is in a group, and when each was heard of.
 * KEYS: 1 stream · 2 heartbeats
 * ARGV: 1 group · 2 how many members at most · 3 the bytes of the longest name: a longer one is none of ours
 * Result: the look, as JSON, in which an empty list is an empty object
 */
export const membersLook: Script<string> = readOnlyScript`${MAP}
local found = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
local consumers = {}
for _, info in ipairs(found.err and {} or found) do
  if #consumers >= tonumber(ARGV[2]) then break end
  local consumer = map(info)
  if #consumer.name <= tonumber(ARGV[3]) then
    consumers[#consumers + 1] = { consumer.name, consumer.idle, consumer.pending }
  end
end
local beats, told = redis.call('ZRANGE', KEYS[2], 0, ARGV[2] - 1, 'WITHSCORES'), {}
for i = 1, #beats, 2 do
  if #beats[i] <= tonumber(ARGV[3]) then
    told[#told + 1] = beats[i]
    told[#told + 1] = beats[i + 1]
  end
end
return cjson.encode({ consumers = consumers, beats = told })
`;

/** A pending entry that a consumer has, with what is recorded of its failures if that was asked: empty where there is nothing. */
export type HeldLook = readonly [id: string, consumer: string, idleMs: number, deliveries: number, record?: string];

/**
 * Tells the oldest entries that some consumers have in their hands, and of those that may have failed how they did.
 * KEYS: 1 stream · 2 errors of entries (hash)
 * ARGV: 1 group · 2 how many entries of each · 3 since when one is held (ms), or 4 how often it was delivered, that may have failed ·
 *       5 the bytes of the longest record of failures: a longer one is none of ours · 6… the consumers
 * Result: the entries
 */
export const heldLook: Script<readonly HeldLook[]> = readOnlyScript`
local held = {}
for i = 6, #ARGV do
  for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[2], ARGV[i])) do
    if entry[3] >= tonumber(ARGV[3]) or entry[4] >= tonumber(ARGV[4]) then
      local record = redis.call('HGET', KEYS[2], entry[1]) or ''
      entry[5] = #record <= tonumber(ARGV[5]) and record or ''
    end
    held[#held + 1] = entry
  end
end
return held
`;
