import { type Script, script } from "./script.js";

/** No member has a name of more bytes. */
const LONGEST_NAME = "1000";

/**
 * Reads heartbeats, of which others may have written some: the oldest ones, and those of members that are named, but none of a name
 * that is longer than any of ours.
 * KEYS: 1 heartbeats (sorted set)
 * ARGV: 1 how many of the oldest · then names of members
 * Result: names and heartbeats in turn · 1 if there may be others, else 0 · how many of the oldest have too long a name
 */
export const beats: Script<[namesAndBeats: string[], areMore: number, foreign: number]> = script("beats", {
  reads: true,
})`
local written = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
local told, foreign = {}, 0
local function tell(name, beat)
  if not beat then return end
  if #name > ${LONGEST_NAME} then
    foreign = foreign + 1
    return
  end
  told[#told + 1] = name
  told[#told + 1] = beat
end
for i = 1, #written, 2 do tell(written[i], written[i + 1]) end
for i = 2, #ARGV do tell(ARGV[i], redis.call('ZSCORE', KEYS[1], ARGV[i])) end
return { told, #written < 2 * ARGV[1] and 0 or 1, foreign }
`;

/** Defines `without_foreign(key, names)`: the members that are named but for those with too long a name, which it removes. */
export const WITHOUT_FOREIGN: string = `
local function without_foreign(key, names)
  local ours = {}
  for _, name in ipairs(names) do
    if #name > ${LONGEST_NAME} then redis.call('ZREM', key, name) else ours[#ours + 1] = name end
  end
  return ours
end`;

/**
 * Removes heartbeats that no member can have written: others could hide those of the dead behind them.
 * KEYS: 1 heartbeats (sorted set)
 * ARGV: 1 of how many of the oldest
 * Result: how many are left of these
 */
export const dropForeignBeats: Script<number> = script("drop_foreign_beats")`${WITHOUT_FOREIGN}
return #without_foreign(KEYS[1], redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1))
`;
