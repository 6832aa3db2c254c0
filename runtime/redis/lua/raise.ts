import { CLOCK, ID_ORDER, MAP } from "./fragment.js";
import { type Script, script } from "./script.js";

/** After which id a stream has lost what it had, or nothing; then why its ids could not be raised. */
export type Raised = readonly [from?: string, refusal?: string];

/**
 * Compares the greatest id of a stream with one that it once had. If it is behind, the stream has lost its end. Its ids are raised then,
 * so that no new entry comes before a position that somebody has. For the others who have known the lost end, and would see no
 * loss any more, it is recorded for a while.
 * KEYS: 1 stream · 2 the record of the last loss
 * ARGV: 1 the id that the stream once had · 2 for how many ms a loss is recorded · 3 how many ms an id may be ahead of the clock
 * Result: after which id the stream has lost what it had, or nothing · the error, if the ids could not be raised
 */
export const raise: Script<Raised> = script("raise")`${MAP}${ID_ORDER}${CLOCK}
local known, last = ARGV[1], '0-0'
local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
local exists = not stream.err
if exists then
  last = map(stream)['last-generated-id']
elseif not string.find(stream.err, 'no such key', 1, true) then
  return stream
end
local record = redis.pcall('GET', KEYS[2])
local from, to = string.match(type(record) == 'string' and record or '', '^(%S+) (%S+)$')
if not is_id(from) or not is_id(to) then from, to = nil, nil end
if not before(last, known) then
  return from and before(from, known) and not before(to, known) and { from } or {}
end
-- Another process, which knew less, has raised it already.
if not from or before(last, to) or before(last, from) then from = last end
redis.call('SET', KEYS[2], from .. ' ' .. known, 'PX', ARGV[2])
if not exists or at_most(parts(known), 9e15) > now + tonumber(ARGV[3]) then return { from } end
-- The loss is told also where the user may not raise ids.
return { from, redis.pcall('XSETID', KEYS[1], known).err }
`;
