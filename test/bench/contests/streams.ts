import type { Contestant } from "../contest.js";
import type { Effort } from "../effort.js";
import { type Measured, measure } from "../measure.js";
import { type Arena, ENCODINGS, type Encoding } from "./arena.js";

/** The SDK and the same by hand, as they are called in the rows. */
const SIDES = ["raw", "ours"] as const;
/** At least once and on npm. A slow one is given less to do, so that its round does not take the others' time. */
const PEERS = [
  { name: "redis-streams-broker", slowness: 2 },
  { name: "bee-queue", slowness: 3 },
  { name: "bullmq", slowness: 3 },
  { name: "groupmq", slowness: 6 },
  { name: "moleculer-channels", slowness: 6 },
];
export const PEER_NAMES: readonly string[] = PEERS.map(({ name }) => name);

/** Publishing, or publishing and consuming: each measurement begins with an empty Redis. */
export function writing(arena: Arena, program: string): Contestant[] {
  return ENCODINGS.flatMap((encoding) =>
    SIDES.map((side) => ({
      name: `${side}, ${encoding}`,
      isRival: side === "raw",
      measure: onEmptyRedis(arena, `${arena.stage.programs}/${program}/${side}.mjs`, { encoding }),
    })),
  );
}

/** The peers' programs for publishing and consuming together. */
export function peers(arena: Arena): Contestant[] {
  if (arena.peers === undefined) return [];
  const { folder } = arena.peers;
  return PEERS.map(({ name, slowness }) => ({
    name,
    isRival: true,
    slowness,
    measure: onEmptyRedis(arena, `${folder}/peers/${name}.mjs`, {}),
  }));
}

/** How many groups there were: whoever reads the same stream, each has one of its own. */
let groups = 0;

/** Consuming: the stream is filled once for all, and each measurement has a group of its own that begins at its start. */
export function reading(arena: Arena, program: string, types: number): Contestant[] {
  return ENCODINGS.flatMap((encoding) =>
    SIDES.map((side) => ({
      name: `${side}, ${encoding}`,
      isRival: side === "raw",
      async measure({ count }: Effort): Promise<Measured> {
        const settings = { url: await filled(arena, encoding, count, types), encoding, count, types };
        const file = `${arena.stage.programs}/${program}/${side}.mjs`;
        return measure(file, { ...settings, group: `${program}-${++groups}` });
      },
    })),
  );
}

function onEmptyRedis(arena: Arena, program: string, settings: object): (effort: Effort) => Promise<Measured> {
  return async ({ count }) => {
    await arena.redis.flushall();
    return measure(program, { url: arena.url, count, ...settings });
  };
}

/** Each encoding has a database of its own, filled when it is first wanted. */
async function filled(arena: Arena, encoding: Encoding, count: number, types: number): Promise<string> {
  const db = 1 + ENCODINGS.indexOf(encoding);
  const url = `${arena.url}/${db}`;
  await arena.redis.select(db);
  const [length, kept] = [await arena.redis.xlen("events"), await arena.redis.get("types")];
  if (length !== count || kept !== String(types)) {
    await arena.redis.flushdb();
    await measure(`${arena.stage.programs}/fill.mjs`, { url, encoding, count, types });
    await arena.redis.set("types", types);
  }
  await arena.redis.select(0);
  return url;
}
