import { describe, it } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();

/** The id of the connection on which a service waits for new entries. */
function waiting(): Promise<string> {
  return eventually(async () => {
    const list = String(await admin.client("LIST"));
    return /id=(\d+) .*name=test-service:read:events .*flags=b/.exec(list)?.[1] ?? "";
  });
}

describe("a read that waits for a minute", () => {
  it("is ended by close(), also after its connection was lost", async () => {
    const messaging = createService(redis, { blockTimeMs: 60_000 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    const first = await waiting();
    await admin.call("CLIENT", "KILL", "ID", first);
    await eventually(async () => (await waiting()) !== first);

    // It would outlast this test.
    await messaging.close();

    await eventually(async () => !String(await admin.client("LIST")).includes("name=test-service:read:events"));
  });
});
