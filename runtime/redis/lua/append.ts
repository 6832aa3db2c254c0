import { Script } from "./script.js";

/**
 * Adds many entries that have the same fields. The names travel once, and so does a value that all of them share. An
 * entry that Redis refuses does not keep the others from being added.
 *
 * KEYS: 1 stream
 * ARGV: 1 a letter for each field: `s` when all entries share its value, else `o` · 2 how many entries · then the
 *       fields' names · then the shared values · then each entry's own values, entry by entry
 * Result: the entries' ids with a space between them; when one was refused, a list of ids and reasons
 */
export const append: Script<string | (string | Error)[]> = new Script(
  "append",
  1,
  `
local width = #ARGV[1]
local command = { 'XADD', KEYS[1], '*' }
local own = {}
local at = 3 + width
for field = 1, width do
  command[2 + 2 * field] = ARGV[2 + field]
  if string.sub(ARGV[1], field, field) == 's' then
    command[3 + 2 * field] = ARGV[at]
    at = at + 1
  else
    own[#own + 1] = 3 + 2 * field
  end
end
local ids = {}
local refused = false
for entry = 1, tonumber(ARGV[2]) do
  for _, place in ipairs(own) do
    command[place] = ARGV[at]
    at = at + 1
  end
  ids[entry] = redis.pcall(unpack(command))
  refused = refused or type(ids[entry]) == 'table'
end
return refused and ids or table.concat(ids, ' ')
`,
  { needsMemory: true },
);
