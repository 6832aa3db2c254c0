import { describe, expect, it } from "vitest";

import { handleValidateToken, onUserCreated, publishUserCreated, sendValidateToken } from "../../generated/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

// `npm run setups` tries much more, and also other runtimes.
describe.each(["redis-8", "valkey-8"] as const)("on %s", (version) => {
  it("a service publishes, handles, retries, answers, and leaves nothing pending", async () => {
    await using redis = await startRedis({ version });
    await using messaging = createService(redis, { service: "user-auth-service", retryDelaySeconds: 0.05 });
    const attempts: number[] = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("the first attempt fails");
    });
    handleValidateToken(messaging, ({ payload }) => ({ valid: payload.token === "right" }));
    await messaging.start({ requireRedis: true });
    const user = { entity_id: 1, after_data: { email: "ada@example.com" } };
    const id = "9b9b7d4e-3a43-4b7e-9d0c-6d1a2f0c4f11";
    await publishUserCreated(messaging, user, { id, once: true });
    await publishUserCreated(messaging, user, { id, once: true });
    expect(await sendValidateToken(messaging, { token: "right" })).toEqual({ valid: true });
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
    await eventually(async () => (await messaging.health()).details.streams["events"]?.pending === 0);
  });
});
