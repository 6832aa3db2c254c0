import { IS_LONG } from "./short-fields.js";

/** None of ours is longer: a record of a thousand types has some 50 KB. */
const LONGEST_RECORD: number = 1024 * 1024;
/** Beyond so many bytes in all, others have written records. */
const MOST_BYTES: number = 16 * LONGEST_RECORD;
/** No version of ours is longer. */
const LONGEST_VERSION = 64;

/**
 * Defines `is_possible(name, record)`: whether a member may have written a record of the handled types, by its size; and
 * `fitting(records, own)`: which of them may be read, by their names, and whether all may. Small ones come first, and that of `own`
 * before all: records that others write to fill the space displace one another before they displace those of members.
 */
export const FITTING: string = `
local function is_possible(name, record) return #name + #record <= ${LONGEST_RECORD} end
local function fitting(records, own)
  local names, sizes, fits, left, do_all = {}, {}, {}, ${MOST_BYTES}, true
  for name, record in pairs(records) do
    names[#names + 1] = name
    sizes[name] = #name + #record
  end
  local function is_before(a, b)
    if a == own or b == own then return a == own and b ~= own end
    if sizes[a] ~= sizes[b] then return sizes[a] < sizes[b] end
    return a < b
  end
  table.sort(names, is_before)
  for _, name in ipairs(names) do
    fits[name] = is_possible(name, records[name]) and sizes[name] <= left
    if fits[name] then left = left - sizes[name] else do_all = false end
  end
  return fits, do_all
end`;

/** Defines `known_version()`: that of the handled types, the hash `KEYS[n]`; empty for one that is longer than any of ours. */
export function knownVersionIn(n: number): string {
  return `${IS_LONG}
local function known_version()
  if is_long(KEYS[${n}], 'version', ${LONGEST_VERSION}) then return '' end
  return redis.call('HGET', KEYS[${n}], 'version')
end`;
}

/**
 * Defines `known_types(own)`: names and values of the handled types, the hash `KEYS[n]`, of which others may have written some. What is
 * longer than any of ours, or too much in all, is left out, and stands there as a member of which nothing is known. A version that
 * is longer than any of ours is none.
 */
export function knownTypesIn(n: number): string {
  return `${FITTING}
local function known_types(own)
  local all, records, known = redis.call('HGETALL', KEYS[${n}]), {}, {}
  for i = 1, #all, 2 do
    if all[i] ~= 'version' or #all[i + 1] <= ${LONGEST_VERSION} then records[all[i]] = all[i + 1] end
  end
  local fits, do_all = fitting(records, own)
  for i = 1, #all, 2 do
    if fits[all[i]] then
      known[#known + 1] = all[i]
      known[#known + 1] = all[i + 1]
    end
  end
  if not do_all then
    known[#known + 1] = '?'
    known[#known + 1] = '?'
  end
  return known
end`;
}
