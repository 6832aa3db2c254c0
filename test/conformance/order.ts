import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";
import { onUserCreated, publishUserCreated, userCreated } from "../../generated/index.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

export const order: Sentences = {
  "the messages of one entity are handled one at a time, in their order": async (stage) => {
    const billing = stage.service("billing", { order: "entity" });
    const running = new Map<number, number>();
    const handled: [number, number][] = [];
    let most = 0;
    onUserCreated(billing, async ({ entity_id, user_id = 0 }) => {
      running.set(entity_id, (running.get(entity_id) ?? 0) + 1);
      most = Math.max(most, running.get(entity_id) ?? 0);
      await setImmediate();
      handled.push([entity_id, user_id]);
      running.set(entity_id, (running.get(entity_id) ?? 0) - 1);
    });
    await billing.start();
    const list = Array.from({ length: 40 }, (_, at) => user((at % 4) + 1, { user_id: at + 1 }));
    await billing.publishAll(userCreated, list);
    await stage.until(() => handled.length === 40, "all of them");
    expect(most).toBe(1);
    for (const entity of [1, 2, 3, 4]) {
      const own = handled.filter(([id]) => id === entity).map(([, at]) => at);
      expect(own).toEqual(own.toSorted((one, other) => one - other));
    }
  },

  "messages with a key are ordered by it instead of their entities, also by that of an entity, and handlers do not see it":
    async (stage) => {
      const billing = stage.service("billing", { order: "entity", retryDelaySeconds: 0.2 });
      const handled: string[] = [];
      onUserCreated(billing, (message, { attempt }) => {
        expect(Object.values(message)).not.toContain("customer 7");
        handled.push(`${message.entity_id} attempt ${attempt}`);
        if (message.entity_id % 2 === 1 && attempt === 1) throw new Error("not yet");
      });
      await billing.start();
      await Promise.all([
        publishUserCreated(billing, user(1), { key: "customer 7" }),
        publishUserCreated(billing, user(2), { key: "customer 7" }),
        publishUserCreated(billing, user(3)),
        publishUserCreated(billing, user(4), { key: "user:3" }),
        publishUserCreated(billing, user(6)),
      ]);
      await stage.until(() => handled.length === 7, "all of them");
      expect(handled.slice(0, 3).sort()).toEqual(["1 attempt 1", "3 attempt 1", "6 attempt 1"]);
      const after = handled.slice(3);
      expect(after.indexOf("2 attempt 1")).toBeGreaterThan(after.indexOf("1 attempt 2"));
      expect(after.indexOf("4 attempt 1")).toBeGreaterThan(after.indexOf("3 attempt 2"));
    },

  "a message that fails delays those of its entity, and no others": async (stage) => {
    const billing = stage.service("billing", { order: "entity", retryDelaySeconds: 0.2 });
    const handled: string[] = [];
    onUserCreated(billing, ({ entity_id, user_id }, { attempt }) => {
      handled.push(`${entity_id}.${user_id} attempt ${attempt}`);
      if (user_id === 1 && attempt < 3) throw new Error("not yet");
    });
    await billing.start();
    await billing.publishAll(userCreated, [
      user(1, { user_id: 1 }),
      user(1, { user_id: 2 }),
      user(2, { user_id: 3 }),
      user(1, { user_id: 4 }),
    ]);
    await stage.until(() => handled.length === 6, "all of them");
    expect(handled.slice(0, 2).sort()).toEqual(["1.1 attempt 1", "2.3 attempt 1"]);
    expect(handled.slice(2)).toEqual(["1.1 attempt 2", "1.1 attempt 3", "1.2 attempt 1", "1.4 attempt 1"]);
  },

  "a message that ends as a dead letter lets the next of its entity go on": async (stage) => {
    const billing = stage.service("billing", { order: "entity", maxRetries: 1 });
    const handled: number[] = [];
    onUserCreated(billing, ({ user_id = 0 }) => {
      if (user_id === 1) throw new Error("never");
      handled.push(user_id);
    });
    await billing.start();
    await billing.publishAll(userCreated, [user(1, { user_id: 1 }), user(1, { user_id: 2 })]);
    await stage.until(() => handled.length === 1, "the next one");
    await stage.until(() => billing.counts.deadLettered === 1, "the dead letter");
  },

  "what an instance gives back when it closes comes before what is read later": async (stage) => {
    const options = { order: "entity", concurrency: 1, drainTimeoutSeconds: 0 } as const;
    const first = stage.service("billing", options);
    let began = 0;
    onUserCreated(first, async () => {
      began++;
      await new Promise(() => {});
    });
    await first.start();
    await first.publishAll(
      userCreated,
      [1, 2, 3].map((at) => user(1, { user_id: at })),
    );
    await stage.until(() => began === 1, "the first message");
    await first.close();
    const second = stage.service("billing", { order: "entity" });
    await publishUserCreated(second, user(1, { user_id: 4 }));
    const handled: unknown[] = [];
    onUserCreated(second, ({ user_id }, { attempt }) => void handled.push([user_id, attempt]));
    await second.start();
    await stage.until(() => handled.length === 4, "all of them");
    expect(handled).toEqual([
      [1, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
  },
};
