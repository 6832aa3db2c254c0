import { expect } from "vitest";
import { onUserCreated, publishUserCreated, UnrecoverableError, userCreated } from "../../generated/index.js";
import { all, user } from "./cast.js";
import type { Sentences, Service, Stage } from "./stage.js";

/** A service whose handler fails while it is told to, and what it has handled. */
async function failing(stage: Stage): Promise<{ service: Service; handled: unknown[]; mend: () => void }> {
  const service = stage.service("billing");
  const handled: unknown[] = [];
  let isBroken = true;
  onUserCreated(service, ({ entity_id }, { attempt, redelivered }) => {
    if (isBroken) throw new UnrecoverableError("it is broken");
    handled.push([entity_id, attempt, redelivered]);
  });
  await service.start();
  const mend = (): void => {
    isBroken = false;
  };
  return { service, handled, mend };
}

export const deadLetters: Sentences = {
  "a dead letter that is redriven goes to its own group, as if for the first time": async (stage) => {
    const audit = stage.service("audit");
    const others: number[] = [];
    onUserCreated(audit, ({ entity_id }) => void others.push(entity_id));
    await audit.start();
    const { service, handled, mend } = await failing(stage);
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    mend();
    const [letter] = await all(stage.deadLetters.list("events"));
    const state = await stage.deadLetters.redrive("events", letter?.id ?? "", { by: "ada" });
    await stage.until(() => handled.length === 1, "the redriven message");
    expect(handled).toEqual([[1, 1, true]]);
    expect(others).toEqual([1]);
    expect(state).toMatchObject({ state: "redriven", by: "ada" });
    expect(await all(stage.deadLetters.list("events"))).toEqual([]);
    expect(await all(stage.deadLetters.list("events", { state: "redriven" }))).toMatchObject([
      { id: letter?.id, state },
    ]);
  },

  "a letter is redriven once, however often it is asked for": async (stage) => {
    const { service, handled, mend } = await failing(stage);
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    mend();
    const [letter] = await all(stage.deadLetters.list("events"));
    const redrive = (): Promise<unknown> => stage.deadLetters.redrive("events", letter?.id ?? "");
    const states = await Promise.all([redrive(), redrive(), redrive()]);
    await stage.until(() => handled.length > 0, "the redriven message");
    await stage.pass(20);
    expect(handled.length).toBe(1);
    expect(new Set(states.map((state) => JSON.stringify(state))).size).toBe(1);
  },

  "a letter that is set aside stays on record, and is not redriven": async (stage) => {
    const { service, handled, mend } = await failing(stage);
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    mend();
    const [letter] = await all(stage.deadLetters.list("events"));
    const id = letter?.id ?? "";
    await stage.deadLetters.discard("events", id, "a test", { by: "ada" });
    const state = { state: "discarded", reason: "a test", by: "ada" };
    expect(await stage.deadLetters.redrive("events", id)).toMatchObject(state);
    expect(await stage.deadLetters.get("events", id)).toMatchObject({ id, state });
    expect(await stage.deadLetters.redriveAll("events")).toBe(0);
    expect(handled).toEqual([]);
  },

  "an operator lists the letters of a group, a type, a cause or a state": async (stage) => {
    const { service } = await failing(stage);
    await service.publishAll(userCreated, [user(1), user(2)]);
    await stage.until(() => service.counts.deadLettered === 2, "the dead letters");
    const [first] = await all(stage.deadLetters.list("events"));
    await stage.deadLetters.discard("events", first?.id ?? "", "a test");
    const filters = [
      { state: "any" },
      { state: "discarded" },
      { group: "billing-workers", type: "user.created", reason: first?.reason ?? "" },
      { group: "other-workers" },
      { type: "user.updated" },
      { reason: "E_OTHER" },
    ] as const;
    const counts: number[] = [];
    for (const filter of filters) counts.push((await all(stage.deadLetters.list("events", filter))).length);
    expect(counts).toEqual([2, 1, 1, 0, 0, 0]);
  },

  "all letters of one cause are redriven together": async (stage) => {
    const { service, handled, mend } = await failing(stage);
    await service.publishAll(userCreated, [user(1), user(2), user(3)]);
    await stage.until(() => service.counts.deadLettered === 3, "the dead letters");
    mend();
    expect(await stage.deadLetters.redriveAll("events", { reason: "ECONNREFUSED" })).toBe(0);
    expect(await stage.deadLetters.redriveAll("events", { group: "billing-workers", reason: "UNRECOVERABLE" })).toBe(3);
    await stage.until(() => handled.length === 3, "the redriven messages");
  },

  "a redriven message that fails again is a new letter": async (stage) => {
    const { service } = await failing(stage);
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    const [letter] = await all(stage.deadLetters.list("events"));
    await stage.deadLetters.redrive("events", letter?.id ?? "");
    await stage.until(() => service.counts.deadLettered === 2, "the second dead letter");
    const [again, ...others] = await all(stage.deadLetters.list("events"));
    expect(others).toEqual([]);
    expect(again?.id).not.toBe(letter?.id);
    expect(again?.stream).toBe(`{${letter?.stream}}:redrive:billing-workers`);
  },

  "an operator is told of a letter that is not there": async (stage) => {
    const missing = { code: "DEAD_LETTER_MISSING" };
    await expect(stage.deadLetters.get("events", "1-1")).rejects.toMatchObject(missing);
    await expect(stage.deadLetters.redrive("events", "1-1")).rejects.toMatchObject(missing);
    await expect(stage.deadLetters.discard("events", "1-1", "none")).rejects.toMatchObject(missing);
  },

  "a message that is too large for its reader stays in its stream, and its letter refers to it": async (stage) => {
    const small = stage.service("billing", { maxMessageBytes: 1000 });
    const handled: number[] = [];
    onUserCreated(small, ({ entity_id }) => void handled.push(entity_id));
    await small.start();
    const large = user(1, { metadata: { note: "x".repeat(2000) } });
    await publishUserCreated(stage.service("web"), large);
    await publishUserCreated(small, user(2));
    await stage.until(() => small.counts.deadLettered === 1 && handled.length === 1, "the dead letter");
    await small.close();
    const [letter] = await all(stage.deadLetters.list("events"));
    expect(letter).toMatchObject({ reason: "MESSAGE_TOO_LARGE", type: "user.created", original: [] });
    expect(letter?.keptBytes).toBeGreaterThan(2000);

    const greater = stage.service("billing");
    onUserCreated(greater, ({ entity_id }) => void handled.push(entity_id));
    await greater.start();
    await stage.deadLetters.redrive("events", letter?.id ?? "");
    await stage.until(() => handled.length === 2, "the large message");
    expect(handled).toEqual([2, 1]);
  },

  "a group keeps so many dead letters, and the oldest go first": async (stage) => {
    const service = stage.service("billing", { deadLettersMax: 2, trimIntervalSeconds: 0.05 });
    onUserCreated(service, () => {
      throw new UnrecoverableError("it is broken");
    });
    await service.start();
    await service.publishAll(userCreated, [user(1), user(2), user(3), user(4)]);
    await stage.until(() => service.counts.deadLettered === 4 && service.counts.deadLettersRemoved > 0, "the trim");
    await stage.until(async () => (await all(stage.deadLetters.list("events"))).length === 2, "two letters");
  },

  "a dead letter is kept for so long": async (stage) => {
    const service = stage.service("billing", { deadLetterTtlSeconds: 1, trimIntervalSeconds: 0.05 });
    onUserCreated(service, () => {
      throw new UnrecoverableError("it is broken");
    });
    await service.start();
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    expect(await all(stage.deadLetters.list("events"))).toHaveLength(1);
    await stage.until(() => service.counts.deadLettersRemoved === 1, "its end");
    expect(await all(stage.deadLetters.list("events"))).toEqual([]);
  },
};
