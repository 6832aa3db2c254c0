import type { Redis } from "ioredis";
import { type Encoding, userCreated } from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";
import { contractOf } from "../../runtime/contract/contract.js";

/** Adds so many valid `user.created` to `events`, with the entity ids 1, 2, 3, … */
export async function fillEvents(redis: Redis, count: number, encoding: Encoding = "fields"): Promise<void> {
  const adding = redis.pipeline();
  for (let entity_id = 1; entity_id <= count; entity_id += 1) {
    adding.xadd("events", "*", ...contractOf(userCreated).write({ ...exampleUserCreated({ entity_id }) }, encoding));
  }
  await adding.exec();
}

/** How many entries of `events` a group has been handed and not acknowledged. */
export async function pendingEvents(redis: Redis, group: string): Promise<number> {
  const [count] = (await redis.xpending("events", group)) as [number];
  return count;
}
