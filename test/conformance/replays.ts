import { expect } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  sendValidateToken,
} from "../../generated/index.js";
import { replay } from "../../runtime/operations/index.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

export const replays: Sentences = {
  "a service handles again what its stream holds, in order, and nobody else notices": async (stage) => {
    const billing = stage.service("billing");
    const live: number[] = [];
    onUserCreated(billing, ({ entity_id }) => live.push(entity_id));
    await billing.start();
    for (const n of [1, 2, 3]) await publishUserCreated(billing, user(n));
    await stage.until(() => billing.counts.handled === 3, "the first time");

    const projection = stage.service("billing");
    const again: unknown[] = [];
    onUserCreated(projection, ({ entity_id }, { replay: isReplay, attempt, redelivered, group }) => {
      again.push([entity_id, isReplay, attempt, redelivered, group]);
    });
    const report = await replay(projection);
    expect(again).toEqual([1, 2, 3].map((n) => [n, true, 1, true, "billing-workers"]));
    expect(report).toMatchObject({ end: "completed", handled: 3, failed: 0, byType: { "user.created": 3 } });
    expect(projection.counts).toMatchObject({ handled: 0, published: 0, skipped: 0 });
    await publishUserCreated(billing, user(4));
    await stage.until(() => billing.counts.handled === 4, "what comes after");
    expect(live).toEqual([1, 2, 3, 4]);
  },

  "a replay publishes nothing of what its handlers would, and asks nobody": async (stage) => {
    const billing = stage.service("billing");
    let attempts = 0;
    onUserCreated(billing, async (_event, { replay: isReplay }) => {
      attempts++;
      await publishUserDeleted(billing, { entity_id: 1 });
      expect(isReplay).toBe(true);
    });
    await publishUserCreated(billing, user(1));
    await expect(replay(billing)).rejects.toMatchObject({
      code: "REPLAY_FAILED",
      message: expect.stringContaining("cannot publish user.deleted while messages are replayed"),
      report: { end: "failed", handled: 0, failed: 1, position: undefined },
    });
    expect(await replay(billing, { publishes: "suppress" })).toMatchObject({ handled: 1, suppressed: 1 });
    expect(billing.counts.published).toBe(1);
    expect(await replay(billing, { publishes: "publish" })).toMatchObject({ handled: 1, suppressed: 0 });
    expect([billing.counts.published, attempts]).toEqual([2, 3]);
  },

  "a replay leaves commands alone, unless it is told otherwise, and answers none": async (stage) => {
    const auth = stage.service("auth");
    let ran = 0;
    handleValidateToken(auth, () => {
      ran++;
      return { valid: true };
    });
    onUserDeleted(auth, () => {});
    await auth.start();
    await sendValidateToken(stage.service("web"), { token: "secret" }, { targetService: "auth" });
    expect(ran).toBe(1);
    await expect(replay(auth, { stream: "commands" })).rejects.toThrow(
      "no handler takes messages of the stream commands",
    );
    await expect(replay(auth, { types: ["validate_token"] })).rejects.toThrow("validate_token is a command");
    expect(await replay(auth, { stream: "commands", includeCommands: true })).toMatchObject({ handled: 1 });
    expect(ran).toBe(2);
    expect(auth.counts).toMatchObject({ handled: 1, published: 0 });
  },
};
