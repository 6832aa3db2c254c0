/** None of ours is longer: a record of a thousand types has some 50 KB. */
const LONGEST_RECORD: number = 1024 * 1024;
/** Beyond so many bytes in all, others have written records. */
const MOST_BYTES: number = 16 * LONGEST_RECORD;

/**
 * Defines `known_types()`: names and values of the handled types, the hash `KEYS[n]`, of which others may have written some. What is
 * longer than any of ours is left out, and stands there as a member of which nothing is known.
 */
export function knownTypesIn(n: number): string {
  return `
local function known_types()
  local all, known, left, is_whole = redis.call('HGETALL', KEYS[${n}]), {}, ${MOST_BYTES}, true
  for i = 1, #all, 2 do
    local bytes = #all[i] + #all[i + 1]
    if bytes <= math.min(left, ${LONGEST_RECORD}) then
      known[#known + 1] = all[i]
      known[#known + 1] = all[i + 1]
      left = left - bytes
    else
      is_whole = false
    end
  end
  if not is_whole then
    known[#known + 1] = '?'
    known[#known + 1] = '?'
  end
  return known
end`;
}

/** Defines `is_ours(name, record)`, to be asked once of each record of the handled types: whether it may be one of ours, by its size. */
export const IS_OURS: string = `
local left = ${MOST_BYTES}
local function is_ours(name, record)
  local bytes = #name + #record
  left = left - bytes
  return bytes <= ${LONGEST_RECORD} and left >= 0
end`;
