import { LOOK_AGAIN_MS } from "../../broker/group-pause.js";

/**
 * Reads what is paused of a group from the hash `KEYS[n]`, after `CLOCK` and `WHOLE`. Sets `in_force` (names and
 * values in turn), `is_paused` (whether the whole group is), and `paused_till`: of each paused type until when, 0 when that is
 * open. Whatever else others have written there counts for nothing.
 */
export function pausesIn(n: number): string {
  return `
local records = redis.call('HGETALL', KEYS[${n}])
local in_force, is_paused, paused_till = {}, false, {}
for i = 1, #records, 2 do
  local till = whole(string.match(records[i + 1], '^%d+'))
  local type = string.match(records[i], '^type:(.+)$')
  if till and (till == 0 or till > now) and (type or records[i] == 'group') then
    in_force[#in_force + 1] = records[i]
    in_force[#in_force + 1] = records[i + 1]
    if type then paused_till[type] = till else is_paused = true end
  end
end`;
}

/**
 * Defines `look_again(till)`, after `DUE`: when an entry of a type that is paused until then is due. It is looked at
 * now and then, also if nobody will resume the type.
 */
export const LOOK_AGAIN: string = `
local function look_again(till)
  return due_in(till == 0 and ${LOOK_AGAIN_MS} or math.min(till - now, ${LOOK_AGAIN_MS}))
end`;
