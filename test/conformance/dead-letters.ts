import { expect } from "vitest";
import {
  onUserCreated,
  publishUserCreated,
  UnrecoverableError,
  type UserCreated,
  userCreated,
} from "../../generated/index.js";
import { type DeadLetter, readLetter } from "../../runtime/operations/index.js";
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

  "letters are counted by cause, whatever their messages say": async (stage) => {
    const service = stage.service("billing", { maxRetries: 0 });
    onUserCreated(service, ({ entity_id }) => {
      if (entity_id > 3) throw new TypeError("no name");
      throw Object.assign(new Error(`user ${entity_id} of "acme" is unknown`), { code: "E_USER" });
    });
    await service.start();
    await service.publishAll(userCreated, [user(1), user(2), user(3), user(4)]);
    await stage.until(() => service.counts.deadLettered === 4, "the dead letters");
    const { letters, causes } = await stage.deadLetters.causes("events");
    expect(letters).toBe(4);
    expect(causes).toMatchObject([
      { count: 3, type: "user.created", group: "billing-workers", code: "E_USER", text: 'user # of "…" is unknown' },
      { count: 1, name: "TypeError", text: "no name" },
    ]);
    const [{ id: cause, example } = { id: "", example: "" }] = causes;
    const own = await all(stage.deadLetters.summaries("events", { cause }));
    expect(own.map(({ id }) => id)).toContain(example);
    expect(own).toMatchObject(Array(3).fill({ cause, deaths: 1, error: { code: "E_USER" }, state: { state: "open" } }));
    expect(await all(stage.deadLetters.list("events", { cause }))).toHaveLength(3);
    expect(await all(stage.deadLetters.summaries("events", { company: 2 }))).toEqual([]);
    expect(await all(stage.deadLetters.summaries("events", { until: new Date(0) }))).toEqual([]);
    expect(await stage.deadLetters.redriveAll("events", { cause })).toBe(3);
    expect((await stage.deadLetters.causes("events", { cause, state: "any" })).letters).toBeGreaterThanOrEqual(3);
  },

  "the history of a message tells each of its deaths, and where it is": async (stage) => {
    const { service, handled, mend } = await failing(stage);
    await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    const [first] = await all(stage.deadLetters.summaries("events"));
    await stage.deadLetters.redrive("events", first?.id ?? "");
    await stage.until(() => service.counts.deadLettered === 2, "the second dead letter");
    const [second] = await all(stage.deadLetters.summaries("events", { of: first?.messageId }));
    expect([first?.deaths, second?.deaths]).toEqual([1, 2]);
    expect(await stage.deadLetters.history("events", second?.id ?? "")).toMatchObject({
      letters: [
        { id: first?.id, state: { state: "redriven" } },
        { id: second?.id, deaths: 2 },
      ],
      whereabouts: undefined,
    });
    await service.close();
    await stage.deadLetters.redrive("events", second?.id ?? "");
    const { whereabouts } = await stage.deadLetters.history("events", first?.id ?? "");
    expect(whereabouts).toBe("waiting");
    mend();
    const again = stage.service("billing");
    onUserCreated(again, ({ entity_id }) => void handled.push(entity_id));
    await again.start();
    await stage.until(() => handled.length === 1, "the redriven message");
    const isSettled = async (): Promise<boolean> =>
      (await stage.deadLetters.history("events", second?.id ?? "")).whereabouts === "settled";
    await stage.until(isSettled, "its acknowledgement");
    // What is left of the chain still says that it was no first death.
    expect(await all(stage.deadLetters.purge("events", { settled: true }))).toEqual([2]);
  },

  "an edited copy is returned in place of a message, with its ids, and the letter stays as it is": async (stage) => {
    const service = stage.service("billing", { maxRetries: 0 });
    const handled: unknown[] = [];
    onUserCreated(service, ({ id, correlation_id, entity_id, after_data }) => {
      if (entity_id === 1) throw new Error("no such user");
      handled.push([id, correlation_id, entity_id, after_data.email]);
    });
    await service.start();
    const { id } = await publishUserCreated(service, user(1));
    await stage.until(() => service.counts.deadLettered === 1, "the dead letter");
    const [letter] = await all(stage.deadLetters.list("events"));
    const { message } = readLetter(letter as DeadLetter, [userCreated]);
    const shown = message as unknown as UserCreated;
    expect(shown.after_data.email).toBe("…");
    const place = [userCreated, letter?.id ?? ""] as const;
    const broken = stage.deadLetters.redriveEdited(...place, { ...shown, id: crypto.randomUUID(), entity_id: 1.5 });
    await expect(broken).rejects.toMatchObject({
      code: "CONTRACT_VIOLATED",
      issues: [{ path: "id" }, { path: "entity_id", message: "must be a whole number, got 1.5" }],
    });
    expect((await stage.deadLetters.get("events", letter?.id ?? "")).state).toEqual({ state: "open" });
    expect(await stage.deadLetters.editedPaths(...place, { ...shown, entity_id: 2 })).toEqual(["entity_id"]);
    const state = await stage.deadLetters.redriveEdited(...place, { ...shown, entity_id: 2 }, { by: "ada" });
    expect(state).toMatchObject({ state: "redriven", by: "ada", changed: ["entity_id"] });
    await stage.until(() => handled.length === 1, "the edited message");
    expect(handled).toEqual([[id, letter?.correlationId, 2, user(1).after_data.email]]);
    const kept = await stage.deadLetters.get("events", letter?.id ?? "");
    expect(kept).toMatchObject({ state, original: letter?.original });
    expect(await stage.deadLetters.redriveEdited(...place, { ...shown, entity_id: 3 })).toEqual(state);
  },

  "letters are removed by their state, their age and their number": async (stage) => {
    const { service } = await failing(stage);
    await service.publishAll(userCreated, [user(1), user(2), user(3), user(4), user(5)]);
    await stage.until(() => service.counts.deadLettered === 5, "the dead letters");
    const ids = (await all(stage.deadLetters.summaries("events"))).map(({ id }) => id);
    await stage.deadLetters.discard("events", ids[3] as string, "a test");
    const group = "billing-workers";
    expect(await stage.deadLetters.purgePlan("events", { before: new Date(0) })).toEqual([
      { group, settled: 0, open: 0, kept: 5 },
    ]);
    expect(await stage.deadLetters.purgePlan("events", { keep: 3 })).toEqual([{ group, settled: 1, open: 1, kept: 3 }]);
    expect(await all(stage.deadLetters.purge("events", { keep: 3 }))).toEqual([2]);
    const left = await all(stage.deadLetters.summaries("events", { state: "any" }));
    expect(left.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[4]]);
    expect(await all(stage.deadLetters.purge("events", { settled: true }))).toEqual([]);
    expect(await all(stage.deadLetters.purge("events", { before: new Date(8.64e15), group: "others" }))).toEqual([]);
    expect(await all(stage.deadLetters.purge("events", { before: new Date(8.64e15) }))).toEqual([3]);
  },

  "an operator is told of a letter that is not there": async (stage) => {
    const missing = { code: "DEAD_LETTER_MISSING" };
    await expect(stage.deadLetters.get("events", "1-1")).rejects.toMatchObject(missing);
    await expect(stage.deadLetters.get("events", "no id")).rejects.toMatchObject(missing);
    await expect(stage.deadLetters.history("events", "1-1")).rejects.toMatchObject(missing);
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
