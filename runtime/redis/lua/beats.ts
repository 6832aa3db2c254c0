import { type Script, script } from "./script.js";

/** No member has a longer name. */
const LONGEST_NAME = "1000";

/**
 * Reads heartbeats, of which others may have written some: the oldest ones, and those of members that are named, but none of a name
 * that is longer than any of ours.
 * KEYS: 1 heartbeats (sorted set)
 * ARGV: 1 how many of the oldest · then names of members
 * Result: names and heartbeats in turn · 1 if there may be others, else 0
 */
export const beats: Script<[namesAndBeats: string[], areMore: number]> = script("beats", { reads: true })`
local written = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
local told, seen = {}, {}
local function tell(name, beat)
  if not beat or seen[name] or #name > ${LONGEST_NAME} then return end
  seen[name] = true
  told[#told + 1] = name
  told[#told + 1] = beat
end
for i = 1, #written, 2 do tell(written[i], written[i + 1]) end
for i = 2, #ARGV do tell(ARGV[i], redis.call('ZSCORE', KEYS[1], ARGV[i])) end
return { told, #written < 2 * ARGV[1] and 0 or 1 }
`;
