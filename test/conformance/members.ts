import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  sendValidateToken,
  userCreated,
} from "../../generated/index.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

const LEASE = { leaseSeconds: 0.6 };

export const members: Sentences = {
  "each message goes to a member that handles its type, whoever is given it": async (stage) => {
    const [creates, updates] = [stage.service("billing"), stage.service("billing")];
    const handled: string[] = [];
    onUserCreated(creates, ({ entity_id }) => void handled.push(`created ${entity_id}`));
    onUserUpdated(updates, ({ entity_id }) => void handled.push(`updated ${entity_id}`));
    await creates.start();
    await updates.start();
    for (const id of [1, 2, 3]) {
      await publishUserCreated(creates, user(id));
      await publishUserUpdated(creates, { entity_id: id, after_data: {}, changes: {} });
    }
    await stage.until(() => handled.length === 6, "all of them");
    await stage.pass(20);
    expect(handled.sort()).toEqual(["created 1", "created 2", "created 3", "updated 1", "updated 2", "updated 3"]);
    expect(creates.counts.skipped + updates.counts.skipped).toBe(0);
  },

  "a command goes to a member that handles it": async (stage) => {
    const [auth, other] = [stage.service("auth"), stage.service("auth")];
    handleValidateToken(auth, () => ({ valid: true }));
    other.handle((await import("../../generated/index.js")).reloadConfig, () => undefined as never);
    await Promise.all([auth.start(), other.start()]);
    const sent = [1, 2, 3, 4].map(() => sendValidateToken(other, { token: "x" }, { targetService: "auth" }));
    expect(await Promise.all(sent)).toEqual(sent.map(() => ({ valid: true })));
  },

  "what an instance held when it crashed is handled by another, when its lease has passed": async (stage) => {
    const { service: first, crash } = await stage.mortal("billing", LEASE);
    const began: number[] = [];
    onUserCreated(first, async ({ entity_id }) => {
      began.push(entity_id);
      await new Promise(() => {});
    });
    await first.start();
    await publishUserCreated(first, user(1));
    await stage.until(() => began.length === 1, "the first attempt");
    crash();
    const second = stage.service("billing", LEASE);
    const handled: unknown[] = [];
    onUserCreated(second, ({ entity_id }, { attempt, redelivered }) => {
      handled.push([entity_id, attempt, redelivered]);
    });
    await second.start();
    await publishUserCreated(second, user(2));
    await stage.until(() => handled.length === 2, "both");
    expect(handled).toEqual([
      [2, 1, false],
      [1, 2, true],
    ]);
    expect(second.counts.recovered).toBe(1);
  },

  "what an instance does after it has crashed has no effect": async (stage) => {
    const { service: first, crash } = await stage.mortal("billing", LEASE);
    let finish = (): void => {};
    let hasBegun = false;
    onUserCreated(first, async () => {
      hasBegun = true;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await publishUserUpdated(first, { entity_id: 1, after_data: {}, changes: {} });
    });
    await first.start();
    await publishUserCreated(first, user(1));
    await stage.until(() => hasBegun, "the first attempt");
    crash();
    finish();
    const second = stage.service("billing", LEASE);
    const handled: string[] = [];
    onUserCreated(second, (_event, { attempt }) => void handled.push(`created, attempt ${attempt}`));
    onUserUpdated(second, () => void handled.push("updated"));
    await second.start();
    await stage.until(() => handled.length > 0, "the second attempt");
    await stage.pass(50);
    expect(handled).toEqual(["created, attempt 2"]);
  },

  "with an order, nothing overtakes what a crashed instance held": async (stage) => {
    const options = { ...LEASE, order: "entity" } as const;
    const { service: first, crash } = await stage.mortal("billing", options);
    let hasBegun = false;
    onUserCreated(first, async () => {
      hasBegun = true;
      await new Promise(() => {});
    });
    await first.start();
    await first.publishAll(userCreated, [user(1, { user_id: 1 }), user(1, { user_id: 2 })]);
    await stage.until(() => hasBegun, "the first attempt");
    crash();
    const second = stage.service("billing", options);
    const handled: unknown[] = [];
    onUserCreated(second, async ({ user_id }) => {
      await setImmediate();
      handled.push(user_id);
    });
    await second.start();
    await publishUserCreated(second, user(1, { user_id: 3 }));
    await stage.until(() => handled.length === 3, "all of them");
    expect(handled).toEqual([1, 2, 3]);
  },

  "what an instance gives back when it closes is handled by another at once": async (stage) => {
    const first = stage.service("billing", { concurrency: 1, drainTimeoutSeconds: 0 });
    let hasBegun = false;
    onUserCreated(first, async () => {
      hasBegun = true;
      await new Promise(() => {});
    });
    await first.start();
    await first.publishAll(userCreated, [user(1), user(2)]);
    await stage.until(() => hasBegun, "the first attempt");
    const second = stage.service("billing");
    const handled: unknown[] = [];
    onUserCreated(second, ({ entity_id }, { attempt }) => void handled.push([entity_id, attempt]));
    await second.start();
    await first.close();
    await stage.until(() => handled.length === 2, "both");
    // The handler of the first one had begun.
    expect(handled.sort()).toEqual([
      [1, 2],
      [2, 1],
    ]);
  },

  "an instance that closes lets its handlers end": async (stage) => {
    const first = stage.service("billing");
    const steps: string[] = [];
    onUserCreated(first, async () => {
      steps.push("began");
      for (let turns = 0; turns < 20; turns++) await setImmediate();
      steps.push("ended");
    });
    await first.start();
    await publishUserCreated(first, user(1));
    await stage.until(() => steps.length > 0, "the beginning");
    await first.close();
    expect(steps).toEqual(["began", "ended"]);
    expect(first.counts.handled).toBe(1);
  },

  "a type that only a member handled which left waits for its successor": async (stage) => {
    const [creates, updates] = [stage.service("billing"), stage.service("billing")];
    const handled: string[] = [];
    onUserCreated(creates, () => void handled.push("created"));
    onUserUpdated(updates, () => void handled.push("updated"));
    await creates.start();
    await updates.start();
    await updates.close();
    await publishUserUpdated(creates, { entity_id: 1, after_data: {}, changes: {} });
    await stage.pass(20);
    const successor = stage.service("billing");
    onUserUpdated(successor, () => void handled.push("updated by its successor"));
    await successor.start();
    await stage.until(() => handled.length === 1, "the message");
    expect(handled).toEqual(["updated by its successor"]);
  },
};
