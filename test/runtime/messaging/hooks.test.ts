import { afterEach, describe, it } from "vitest";
import { onUserCreated, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds so many valid `user.created` with the entity ids 1, 2, 3, … */
async function fill(count: number, encoding: "fields" | "json" = "fields"): Promise<void> {
  const adding = admin.pipeline();
  for (let entity_id = 1; entity_id <= count; entity_id += 1) {
    adding.xadd("events", "*", ...contractOf(userCreated).write({ ...exampleUserCreated({ entity_id }) }, encoding));
  }
  await adding.exec();
}

async function pending(): Promise<number> {
  const [count] = (await admin.xpending("events", group)) as [number];
  return count;
}

describe("a hook", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("a broken metric");
      },
    ],
    ["rejects", () => Promise.reject(new Error("a broken metric"))],
  ])("that %s disturbs nothing", async (_, handled) => {
    await fill(2);
    await using messaging = createService(redis, {
      hooks: { handled: () => void 0, connected: handled, groupCreated: handled },
    });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => messaging.counts.handled === 2);
    await eventually(pending, (count) => count === 0);
  });
});
