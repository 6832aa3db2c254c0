import { once } from "node:events";
import { expect } from "vitest";
import {
  onUserCreated,
  publishUserCreated,
  RetryAfter,
  UnrecoverableError,
  userCreated,
} from "../../generated/index.js";
import { all, user } from "./cast.js";
import type { Sentences } from "./stage.js";

export const retries: Sentences = {
  "a message whose handler threw is handled again, and told so": async (stage) => {
    const billing = stage.service("billing");
    const attempts: unknown[] = [];
    onUserCreated(billing, (_event, { attempt, redelivered }) => {
      attempts.push([attempt, redelivered]);
      if (attempt < 3) throw new Error("not yet");
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => attempts.length === 3, "the third attempt");
    expect(attempts).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    await stage.until(() => billing.counts.handled === 1, "the success");
    expect(billing.counts).toMatchObject({ handlerFailed: 2, retried: 2, deadLettered: 0 });
  },

  "a message that fails does not block others": async (stage) => {
    const billing = stage.service("billing", { retryDelaySeconds: 5 });
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => {
      if (entity_id === 1) throw new Error("not this one");
      handled.push(entity_id);
    });
    await billing.start();
    await billing.publishAll(userCreated, [user(1), user(2), user(3)]);
    await stage.until(() => handled.length === 2 && billing.counts.retried === 1, "the others");
    expect(handled).toEqual([2, 3]);
  },

  "a handler sets the delay of its retry": async (stage) => {
    const billing = stage.service("billing", { retryDelaySeconds: 60 });
    const attempts: number[] = [];
    onUserCreated(billing, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new RetryAfter(0.1);
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => attempts.length === 2, "the retry");
  },

  "a message is a dead letter after its last retry, with the error of every attempt": async (stage) => {
    const billing = stage.service("billing", { maxRetries: 2 });
    onUserCreated(billing, (_event, { attempt }) => {
      throw Object.assign(new Error(`attempt ${attempt}`), { code: "E_AWAY" });
    });
    await billing.start();
    const { id, entryId, stream } = await publishUserCreated(billing, user(1));
    await stage.until(() => billing.counts.deadLettered === 1, "the dead letter");
    const [letter, ...others] = await all(stage.deadLetters.list("events"));
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ stream, entryId, messageId: id, type: "user.created", group: "billing-workers" });
    expect(letter).toMatchObject({ attempts: 3, reason: "E_AWAY", service: "billing", state: { state: "open" } });
    expect(letter?.errors.map(({ message }) => message)).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
    expect(letter?.original.map(String)).toContain("user.created");
  },

  "a message whose handler sees no hope is a dead letter at once": async (stage) => {
    const billing = stage.service("billing");
    onUserCreated(billing, () => {
      throw new UnrecoverableError("the company was deleted");
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => billing.counts.deadLettered === 1, "the dead letter");
    expect(billing.counts.retried).toBe(0);
    expect(await all(stage.deadLetters.list("events"))).toMatchObject([{ reason: "UNRECOVERABLE", attempts: 1 }]);
  },

  "a handler has its own number of retries": async (stage) => {
    const billing = stage.service("billing", { maxRetries: 9 });
    const attempts: number[] = [];
    const fail = (_event: unknown, { attempt }: { readonly attempt: number }): void => {
      attempts.push(attempt);
      throw new Error("never");
    };
    onUserCreated(billing, fail, { maxRetries: 1, retryDelaySeconds: 0.01 });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => billing.counts.deadLettered === 1, "the dead letter");
    expect(attempts).toEqual([1, 2]);
  },

  "a handler that takes too long is told to give up, and its attempt has failed": async (stage) => {
    const billing = stage.service("billing", { handlerTimeoutSeconds: 0.1 });
    const attempts: unknown[] = [];
    onUserCreated(billing, async (_event, { attempt, signal }) => {
      attempts.push(attempt);
      if (attempt > 1) return;
      await once(signal, "abort");
      attempts.push((signal.reason as { readonly code: string }).code);
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => billing.counts.handled === 1, "the second attempt");
    expect(attempts).toEqual([1, "HANDLER_TIMEOUT", 2]);
  },

  "groups do not see each other's failures": async (stage) => {
    const [billing, audit] = [stage.service("billing"), stage.service("audit")];
    const attempts: string[] = [];
    onUserCreated(billing, (_event, { attempt }) => {
      attempts.push(`billing ${attempt}`);
      if (attempt === 1) throw new Error("once");
    });
    onUserCreated(audit, (_event, { attempt }) => void attempts.push(`audit ${attempt}`));
    await Promise.all([billing.start(), audit.start()]);
    await publishUserCreated(billing, user(1));
    await stage.until(() => attempts.length === 3, "three attempts");
    expect(attempts.sort()).toEqual(["audit 1", "billing 1", "billing 2"]);
  },

  "if one of two handlers of a type throws, both run again": async (stage) => {
    const billing = stage.service("billing");
    const ran: string[] = [];
    onUserCreated(billing, (_event, { attempt }) => void ran.push(`first ${attempt}`));
    onUserCreated(billing, (_event, { attempt }) => {
      ran.push(`second ${attempt}`);
      if (attempt === 1) throw new Error("once");
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => ran.length === 4, "both, twice");
    expect(ran).toEqual(["first 1", "second 1", "first 2", "second 2"]);
  },

  "a retry may be handled by another instance": async (stage) => {
    const instances = [stage.service("billing"), stage.service("billing")];
    const attempts: number[] = [];
    for (const each of instances) {
      onUserCreated(each, (_event, { attempt }) => {
        attempts.push(attempt);
        if (attempt < 4) throw new Error("not yet");
      });
    }
    await Promise.all(instances.map((each) => each.start()));
    await publishUserCreated(instances[0] as (typeof instances)[0], user(1));
    await stage.until(() => attempts.length === 4, "the fourth attempt");
    expect(attempts).toEqual([1, 2, 3, 4]);
  },

  "hooks are told of each step": async (stage) => {
    const told: string[] = [];
    const hooks = Object.fromEntries(
      ["published", "handlerFailed", "retried", "handled"].map((name) => [name, () => void told.push(name)]),
    );
    const billing = stage.service("billing", { hooks });
    onUserCreated(billing, (_event, { attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => told.includes("handled"), "the success");
    expect(told.filter((name) => name !== "published")).toEqual(["handlerFailed", "retried", "handled"]);
    expect(told).toContain("published");
  },
};
