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
import { MessagingError } from "../../runtime/index.js";
import { user } from "./cast.js";
import type { Sentences, Service, Stage } from "./stage.js";

const BILLING = ["events", "billing-workers"] as const;
/** Something that would be begun has certainly begun by then. */
const WHILE_MS = 150;

function updated(id: number): { entity_id: number; after_data: object; changes: object } {
  return { entity_id: id, after_data: {}, changes: {} };
}

/** Pauses, and waits until a service knows. */
async function paused(
  stage: Stage,
  services: readonly Service[],
  options: { readonly type?: string; readonly forSeconds?: number } = {},
): Promise<void> {
  const before = services.map(({ counts }) => counts.paused);
  await stage.groups.pause(...BILLING, options);
  await stage.until(() => services.every(({ counts }, at) => counts.paused > (before[at] as number)), "the news of it");
}

async function triesAtOnce(stage: Stage, order: "none" | "entity"): Promise<void> {
  const billing = stage.service("billing", { retryDelaySeconds: 3000, order });
  const attempts: unknown[] = [];
  onUserCreated(billing, ({ entity_id }, { attempt }) => {
    attempts.push([entity_id, attempt]);
    if (attempt === 1) throw new Error("not yet");
  });
  onUserUpdated(billing, ({ entity_id }, { attempt }) => {
    attempts.push([`updated ${entity_id}`, attempt]);
    if (attempt === 1) throw new Error("not yet");
  });
  await billing.start();
  await publishUserUpdated(billing, updated(3));
  const { entryId = "" } = (await publishUserCreated(billing, user(1))) ?? {};
  await publishUserCreated(billing, user(2));
  await stage.until(() => billing.counts.retried === 3, "the failures");
  expect(await stage.groups.retryNow(...BILLING, { id: entryId })).toBe(1);
  await stage.until(() => billing.counts.handled === 1, "the one");
  expect(attempts.at(-1)).toEqual([1, 2]);
  expect(await stage.groups.retryNow(...BILLING, { type: "user.created" })).toBe(1);
  await stage.until(() => billing.counts.handled === 2, "the type");
  expect(attempts.at(-1)).toEqual([2, 2]);
  expect(await stage.groups.retryNow(...BILLING)).toBe(1);
  await stage.until(() => billing.counts.handled === 3, "the other");
  expect(await stage.groups.retryNow(...BILLING)).toBe(0);
  await expect(stage.groups.retryNow("events", "biling-workers")).rejects.toMatchObject({ code: "GROUP_MISSING" });
}

export const pauses: Sentences = {
  "a paused group begins nothing, and handles what came meanwhile as for the first time when it is resumed": async (
    stage,
  ) => {
    const told: unknown[] = [];
    const hooks = {
      paused: ({ group, type, why }: { group: string; type: unknown; why: unknown }) =>
        void told.push([group, type, why]),
      resumed: ({ group, type }: { group: string; type: unknown }) => void told.push([group, type]),
    };
    const billing = stage.service("billing", { concurrency: 1, hooks });
    const handled: unknown[] = [];
    onUserCreated(billing, ({ entity_id }, { attempt, redelivered }) => {
      handled.push([entity_id, attempt, redelivered]);
    });
    await billing.start();
    await stage.groups.pause(...BILLING, { why: "the database is moved", by: "ada" });
    await stage.until(() => billing.counts.paused === 1, "the news of it");
    await billing.publishAll(
      userCreated,
      [1, 2, 3, 4].map((id) => user(id)),
    );
    await stage.pass(WHILE_MS);
    expect(handled).toEqual([]);
    const { status, details } = await billing.health();
    const health = Object.values(details.streams)[0];
    expect(status).toBe("healthy");
    expect(health).toMatchObject({ loop: "paused", paused: [{ type: null, until: null, by: "ada" }] });
    expect(health?.advice.join()).toMatch(
      /billing-workers is paused by ada \(the database is moved\) until it is resumed/,
    );
    const { resumed } = await stage.groups.resume(...BILLING);
    expect(resumed).toMatchObject([{ type: undefined, by: "ada", why: "the database is moved" }]);
    await stage.until(() => handled.length === 4, "all of them");
    expect(handled).toEqual([1, 2, 3, 4].map((id) => [id, 1, false]));
    expect(told).toEqual([
      ["billing-workers", undefined, "the database is moved"],
      ["billing-workers", undefined],
    ]);
    expect(Object.values((await billing.health()).details.streams)[0]).toMatchObject({ paused: [], advice: [] });
  },

  "a pause ends by itself at its time": async (stage) => {
    const billing = stage.service("billing");
    const handled: string[] = [];
    onUserCreated(billing, () => void handled.push("created"));
    onUserUpdated(billing, () => void handled.push("updated"));
    await billing.start();
    await stage.groups.pause(...BILLING, { type: "user.updated", forSeconds: 1.5 });
    await stage.groups.pause(...BILLING, { forSeconds: 1.2 });
    await stage.until(() => billing.counts.paused === 2, "the news of both");
    await publishUserCreated(billing, user(1));
    await publishUserUpdated(billing, updated(1));
    expect(handled).toEqual([]);
    await stage.until(() => handled.length === 2, "the end of both");
    await stage.until(() => billing.counts.resumed === 2, "the news of both ends");
    expect(handled).toEqual(["created", "updated"]);
  },

  "a member that starts while its group is paused begins nothing": async (stage) => {
    const first = stage.service("billing");
    onUserCreated(first, () => {});
    await first.start();
    await paused(stage, [first]);
    await first.close();
    const web = stage.service("web");
    const second = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(second, ({ entity_id }) => void handled.push(entity_id));
    await publishUserCreated(web, user(1));
    await second.start();
    expect(second.counts.paused).toBe(1);
    await stage.pass(WHILE_MS);
    expect(handled).toEqual([]);
    await stage.groups.resume(...BILLING);
    await stage.until(() => handled.length === 1, "the message");
  },

  "a member that closes while its group is paused gives back what it had not begun": async (stage) => {
    const first = stage.service("billing", { concurrency: 1, drainTimeoutSeconds: 60 });
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = 0;
    onUserCreated(first, () => {
      begun++;
      return finished;
    });
    await first.start();
    await first.publishAll(userCreated, [user(1), user(2)]);
    await stage.until(() => begun === 1, "the first handler");
    await paused(stage, [first]);
    finish();
    await stage.until(() => first.counts.handled === 1, "its end");
    await first.close();
    expect(begun).toBe(1);
    const second = stage.service("billing");
    const handled: unknown[] = [];
    onUserCreated(second, ({ entity_id }, { attempt }) => void handled.push([entity_id, attempt]));
    await second.start();
    await stage.groups.resume(...BILLING);
    await stage.until(() => handled.length === 1, "the other");
    expect(handled).toEqual([[2, 1]]);
  },

  "a handler that runs when its group is paused ends, and its failure waits for the retry until it is resumed": async (
    stage,
  ) => {
    const billing = stage.service("billing", { concurrency: 2 });
    const attempts: unknown[] = [];
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    onUserCreated(billing, async ({ entity_id }, { attempt }) => {
      attempts.push([entity_id, attempt]);
      if (attempt > 1) return;
      await finished;
      if (entity_id === 2) throw new Error("not yet");
    });
    await billing.start();
    await billing.publishAll(userCreated, [user(1), user(2), user(3)]);
    await stage.until(() => attempts.length === 2, "those with a place");
    await paused(stage, [billing]);
    finish();
    await stage.until(() => billing.counts.handled === 1 && billing.counts.retried === 1, "both ends");
    await stage.pass(WHILE_MS);
    expect(attempts.sort()).toEqual([
      [1, 1],
      [2, 1],
    ]);
    await stage.groups.resume(...BILLING);
    await stage.until(() => billing.counts.handled === 3, "the others");
    expect(attempts.sort()).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
      [3, 1],
    ]);
  },

  "while a type is paused the others go on, however many of it there are, and none of its attempts is lost": async (
    stage,
  ) => {
    const billing = stage.service("billing", { concurrency: 2, retryDelaySeconds: 0.3 });
    const created: [id: number, attempt: number][] = [];
    const changed: number[] = [];
    onUserCreated(billing, ({ entity_id }, { attempt }) => {
      created.push([Number(entity_id), attempt]);
      if (entity_id === 100 && attempt === 1) throw new Error("not yet");
    });
    onUserUpdated(billing, ({ entity_id }) => void changed.push(Number(entity_id)));
    await billing.start();
    await publishUserCreated(billing, user(100));
    await stage.until(() => billing.counts.retried === 1, "the first attempt");
    await paused(stage, [billing], { type: "user.created" });
    const before = created.length;
    const ids = Array.from({ length: 40 }, (_, at) => at + 1);
    await billing.publishAll(
      userCreated,
      ids.map((id) => user(id)),
    );
    await publishUserUpdated(billing, updated(7));
    await stage.until(() => changed.length === 1, "the other type");
    await stage.pass(WHILE_MS);
    expect(created.slice(before)).toEqual([]);
    await stage.until(async () => {
      const health = Object.values((await billing.health()).details.streams)[0];
      return (health?.retrying ?? 0) >= 40;
    }, "all of them parked");
    await stage.groups.resume(...BILLING, { type: "user.created" });
    await stage.until(() => created.length === 42, "all of them");
    expect(created.filter(([id]) => id !== 100).toSorted(([one], [other]) => one - other)).toEqual(
      ids.map((id) => [id, 1]),
    );
    expect(created.filter(([id]) => id === 100)).toEqual([
      [100, 1],
      [100, 2],
    ]);
    expect(billing.counts.skipped).toBe(0);
  },

  "with an order, what follows a message of a paused type waits behind it, and other entities go on": async (stage) => {
    const billing = stage.service("billing", { order: "entity", concurrency: 3 });
    const handled: string[] = [];
    onUserCreated(billing, ({ entity_id }, { attempt }) => void handled.push(`created ${entity_id} ${attempt}`));
    onUserUpdated(billing, ({ entity_id }, { attempt }) => void handled.push(`updated ${entity_id} ${attempt}`));
    await billing.start();
    await paused(stage, [billing], { type: "user.created" });
    for (const id of [1, 2, 3, 4, 5]) await publishUserCreated(billing, user(id));
    await publishUserUpdated(billing, updated(1));
    await publishUserUpdated(billing, updated(9));
    await stage.until(() => handled.length > 0, "the other entity");
    await stage.pass(WHILE_MS);
    expect(handled).toEqual(["updated 9 1"]);
    await stage.groups.resume(...BILLING, { type: "user.created" });
    await stage.until(() => handled.length === 7, "all of them");
    expect(handled.filter((text) => text.includes(" 1 "))).toEqual(["created 1 1", "updated 1 1"]);
  },

  "with an order, it holds through a pause in which the member is replaced, however much it gives back": async (
    stage,
  ) => {
    const handled: unknown[] = [];
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const create = async (): Promise<Service> => {
      const billing = stage.service("billing", { order: "entity", concurrency: 3, leaseSeconds: 0.6 });
      onUserCreated(billing, async ({ user_id }, { attempt }) => {
        handled.push([user_id, attempt]);
        if (user_id === 1) await finished;
      });
      await billing.start();
      return billing;
    };
    const web = stage.service("web");
    const first = await create();
    const ids = Array.from({ length: 46 }, (_, at) => at + 1);
    const publish = (some: readonly number[]): Promise<unknown> =>
      web.publishAll(
        userCreated,
        some.map((id) => user(1, { user_id: id })),
      );
    await publish(ids.slice(0, 30));
    await stage.until(
      async () => Object.values((await first.health()).details.streams)[0]?.pending === 30,
      "all in hand",
    );
    await paused(stage, [first]);
    finish();
    await stage.until(() => first.counts.handled === 1, "the end of the first handler");
    await first.close();
    await publish(ids.slice(30));
    const second = await create();
    await stage.pass(WHILE_MS);
    expect(handled).toEqual([[1, 1]]);
    await stage.groups.resume(...BILLING);
    await stage.until(() => handled.length === 46, "all of them");
    expect(handled).toEqual(ids.map((id) => [id, 1]));
    expect(second.counts.dropped).toBe(0);
  },

  "what was redriven to a paused group waits, too": async (stage) => {
    const billing = stage.service("billing", { maxRetries: 0 });
    let areFailing = true;
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => {
      if (areFailing) throw new Error("not yet");
      handled.push(Number(entity_id));
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => billing.counts.deadLettered === 1, "the dead letter");
    areFailing = false;
    await stage.groups.pause(...BILLING);
    await stage.pass(1300);
    await stage.deadLetters.redriveAll("events");
    await stage.pass(WHILE_MS);
    expect(handled).toEqual([]);
    await stage.groups.resume(...BILLING);
    await stage.until(() => handled.length === 1, "the message");
  },

  "a member that crashes while its group is paused costs no attempt": async (stage) => {
    const lease = { leaseSeconds: 0.6, maxRetries: 0, concurrency: 1 };
    const { service: first, crash } = await stage.mortal("billing", lease);
    let hasBegun = false;
    onUserCreated(first, async () => {
      hasBegun = true;
      await new Promise(() => {});
    });
    await first.start();
    await first.publishAll(userCreated, [user(1), user(2)]);
    await stage.until(() => hasBegun, "the first handler");
    await paused(stage, [first]);
    crash();
    const second = stage.service("billing", lease);
    const handled: number[] = [];
    onUserCreated(second, ({ entity_id }) => void handled.push(Number(entity_id)));
    await second.start();
    await stage.until(() => second.counts.recovered > 0, "the takeover");
    await stage.pass(WHILE_MS);
    expect(handled).toEqual([]);
    await stage.groups.resume(...BILLING);
    await stage.until(() => handled.length === 2, "both");
    expect(second.counts.deadLettered).toBe(0);
  },

  "the sender of a command to a paused service hears nothing, and a command that it gave up does not run": async (
    stage,
  ) => {
    const [auth, web] = [stage.service("auth"), stage.service("web")];
    const ran: string[] = [];
    handleValidateToken(auth, ({ payload }) => {
      ran.push(payload.token);
      return { valid: true };
    });
    await auth.start();
    await stage.groups.pause("commands", "auth-workers", { type: "validate_token" });
    await stage.until(() => auth.counts.paused === 1, "the news of it");
    const target = { targetService: "auth", timeoutSeconds: 1 };
    let code: string | undefined;
    const asking = sendValidateToken(web, { token: "late" }, target).catch((error: { readonly code: string }) => {
      code = error.code;
    });
    await stage.until(() => code !== undefined, "the time limit");
    await asking;
    await stage.pass(50);
    expect(code).toBe("COMMAND_TIMEOUT");
    await stage.groups.resume("commands", "auth-workers");
    await stage.until(() => auth.counts.commandExpired === 1, "the end of the command");
    expect(ran).toEqual([]);
    expect(await sendValidateToken(web, { token: "soon" }, { targetService: "auth" })).toEqual({ valid: true });
    expect(ran).toEqual(["soon"]);
  },

  "what waits for a retry is tried at once on demand, each as the attempt that it would have been": (stage) =>
    triesAtOnce(stage, "none"),

  "what waits in its member for a retry, to keep an order, is tried at once on demand": (stage) =>
    triesAtOnce(stage, "entity"),

  "with an order, what waits for its database is tried at once on demand": async (stage) => {
    const billing = stage.service("billing", { retryDelaySeconds: 3000, order: "entity" });
    const attempts: unknown[] = [];
    onUserCreated(billing, ({ entity_id }, { attempt }) => {
      attempts.push([entity_id, attempt]);
      if (attempts.length <= 2) throw new MessagingError("DATABASE_UNAVAILABLE", "it is moved");
    });
    await billing.start();
    await billing.publishAll(userCreated, [user(1), user(2)]);
    await stage.until(() => billing.counts.retried === 2, "the failures");
    expect(await stage.groups.retryNow(...BILLING, { type: "user.updated" })).toBe(0);
    expect(await stage.groups.retryNow(...BILLING)).toBe(2);
    await stage.until(() => billing.counts.handled === 2, "both");
    expect(attempts.slice(2).toSorted()).toEqual([
      [1, 1],
      [2, 1],
    ]);
  },

  "with an order, several entries that are called for one after the other are each tried at once": async (stage) => {
    const billing = stage.service("billing", { retryDelaySeconds: 3000, order: "entity" });
    const again: unknown[] = [];
    onUserCreated(billing, ({ entity_id }, { attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      again.push(entity_id);
    });
    await billing.start();
    const published = await billing.publishAll(
      userCreated,
      [1, 2, 3].map((id) => user(id)),
    );
    await stage.until(() => billing.counts.retried === 3, "the failures");
    for (const { entryId: id } of published.slice(0, 2).map((each) => each as { readonly entryId: string })) {
      expect(await stage.groups.retryNow(...BILLING, { id })).toBe(1);
    }
    await stage.until(() => billing.counts.handled === 2, "both");
    await stage.pass(WHILE_MS);
    expect(again.toSorted()).toEqual([1, 2]);
  },
};
