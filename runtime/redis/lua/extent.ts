import { MAP } from "./fragment.js";
import { readOnlyScript, type Script, script } from "./script.js";

/** How many entries a stream has, the greatest id that it ever had, and the ids of its first and its last entry. */
export type Extent = readonly [length: number, greatest: string, first?: string, last?: string];

const EXTENT = `${MAP}
if redis.call('EXISTS', KEYS[1]) == 0 then return { 0, '0-0' } end
local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
local greatest = stream['last-generated-id']
if stream.length == 0 then return { 0, greatest } end
return { stream.length, greatest, stream['first-entry'][1], stream['last-entry'][1] }
`;

/**
 * Tells the extent of a stream. Outside a script Redis would send the two entries as well, however large they are.
 * KEYS: 1 stream
 * Result: the extent
 */
export const extent: Script<Extent> = script("extent", { reads: true })`${EXTENT}`;

/** The same for who may only read the stream; its texts are bytes. */
export const seenExtent: Script<{ readonly [Part in keyof Extent]: Buffer | number }> = readOnlyScript`${EXTENT}`;
