import { Script } from "./script.js";

/**
 * Adds many entries that have the same fields, so that their names travel once. An entry that Redis refuses does not
 * keep the others from being added.
 *
 * KEYS: 1 stream
 * ARGV: 1 how many fields · then their names · then the values of each entry in turn
 * Result: for each entry its id, or why it was refused
 */
export const append: Script<(string | Error)[]> = new Script(
  "append",
  1,
  `
local width = tonumber(ARGV[1])
local command = { 'XADD', KEYS[1], '*' }
for field = 1, width do command[2 + 2 * field] = ARGV[1 + field] end
local results = {}
for start = 2 + width, #ARGV, width do
  for field = 1, width do command[3 + 2 * field] = ARGV[start + field - 1] end
  results[#results + 1] = redis.pcall(unpack(command))
end
return results
`,
  { needsMemory: true },
);
