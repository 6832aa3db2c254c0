import { setImmediate } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { exampleUserCreated, exampleUserUpdated, exampleValidateToken } from "../../../../generated/testing.js";
import { memoryState, NotSurvivedError, type Survival, survives } from "../../../../runtime/testing/index.js";
import { type Bank, bank, outside } from "./bank.js";
import { right } from "./right.js";
import { names, right as rightOfSeveral, wrong as wrongOfSeveral } from "./several.js";
import { wrong } from "./wrong.js";

const options = {
  schedules: 100,
  state: bank,
  effects: outside,
  keys: { sendMail: (_: string, key?: string) => key, pay: (_: number, key: string) => key },
};

/** The error of a handler that does not survive. */
async function failureOf(trial: Promise<Survival>): Promise<NotSurvivedError> {
  const failure: unknown = await trial.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof NotSurvivedError) return failure;
  throw failure ?? new Error("the handler survives");
}

describe("survives", () => {
  test.each(Object.entries(right))("lets a handler pass that %s", async (_, start) => {
    const { schedules, exhaustive } = await survives(start, exampleUserCreated(), options);
    expect(schedules).toBeGreaterThanOrEqual(100);
    expect(exhaustive).toBeGreaterThan(0);
  });

  test.each(Object.entries(wrong))(
    "stops a handler that %s, and repeats the schedule that it tells",
    async (_, start) => {
      const failure = await failureOf(survives(start, exampleUserCreated(), options));
      expect(failure).toMatchObject({
        code: "NOT_SURVIVED",
        differences: expect.arrayContaining([expect.any(String)]),
      });
      if (failure.schedule === "") return;
      const repeated = await failureOf(survives(start, exampleUserCreated(), { ...options, repeat: failure.schedule }));
      expect(repeated).toMatchObject({ story: failure.story, differences: failure.differences });
    },
  );

  test("has fifteen handlers and more of each sort", () => {
    expect(Object.keys(right).length).toBeGreaterThanOrEqual(15);
    expect(Object.keys(wrong).length).toBeGreaterThanOrEqual(15);
  });

  test("tells a crash between an effect and its note in words", async () => {
    const start = wrong["calls outside, then notes that"] as (typeof wrong)[string];
    const failure = await failureOf(survives(start, exampleUserCreated({ id: MESSAGE }), options));
    expect(failure.message).toBe(
      [
        "the handler of user.created does not survive at-least-once delivery.",
        "",
        "  1. process 1 is given the message (attempt 1)",
        `  2. process 1 calls state.isHandled('${MESSAGE}'), which returns false`,
        "> 3. process 1 calls effects.sendMail('ada.lovelace@example.com'), which takes effect, and dies before it sees the result",
        "  4. process 2 is given the message (attempt 2)",
        `  5. process 2 calls state.isHandled('${MESSAGE}'), which returns false`,
        "  6. process 2 calls effects.sendMail('ada.lovelace@example.com')",
        `  7. process 2 calls state.note('${MESSAGE}'), which returns true`,
        "  8. process 2 acknowledges the message",
        "",
        "effects.sendMail('ada.lovelace@example.com') took effect twice; in a clean run it took effect once.",
        "",
        '{ repeat: "die-after@2" } repeats this schedule alone (20 schedules were tried, seed 1).',
      ].join("\n"),
    );
  });

  test("tells a race of two processes in words", async () => {
    const start = wrong["looks outside the transaction that does the work"] as (typeof wrong)[string];
    const failure = await failureOf(survives(start, exampleUserCreated({ id: MESSAGE }), options));
    expect(failure.story).toContain(
      [
        ">  3. process 1 stands still before it begins state.transaction(…), and its lease ends",
        "   4. process 2 is given the message (attempt 2)",
      ].join("\n"),
    );
    expect(failure.story).toContain("process 1 goes on");
    expect(failure.story).toContain("process 1 ends, and the message is no longer its own");
    expect(failure.differences).toEqual(["state.members.get('ada').points is 25, and 15 after a clean run."]);
  });

  test("tells a rollback, a dead letter, and a call that nobody waits for", async () => {
    const storyOf = async (name: keyof typeof wrong): Promise<string> => {
      const failure = await failureOf(survives(wrong[name] as (typeof wrong)[string], exampleUserCreated(), options));
      return failure.message;
    };
    expect(await storyOf("mails from inside its transaction")).toContain("the transaction of process 1 is rolled back");
    expect(await storyOf("inserts without looking")).toContain(
      "The message becomes a dead letter: the handler throws at every attempt: duplicate key user-123.",
    );
    expect(await storyOf("does not wait for a call")).toMatch(
      /2\. process 1 acknowledges the message\n> 3\. process 1 dies before it calls effects\.sendMail/,
    );
    expect(await storyOf("writes the time of the attempt")).toMatch(
      /two clean runs .* end differently.*Remedy: take times/s,
    );
  });

  test("finds a fault that needs three deviations by chance, and leaves out what is not needed", async () => {
    // Three attempts each write one more of a number of rows: only the third retry writes too much.
    const state = () =>
      memoryState({ runs: 0, late: 0 }, (data) => ({
        begin: async () => void data.runs++,
        read: async () => data.runs,
        late: async () => void data.late++,
      }));
    const start =
      ({ state: rows }: { readonly state: ReturnType<typeof state> }) =>
      async () => {
        await rows.begin();
        if ((await rows.read()) > 3) await rows.late();
      };
    const source = { reset: state, snapshot: (rows: ReturnType<typeof state>) => ({ late: rows.snapshot().late }) };
    const tried = { state: source, effects: { ping: async () => undefined }, schedules: 400 };
    const pinging = (world: {
      readonly state: ReturnType<typeof state>;
      readonly effects: { ping(): Promise<void> };
    }) => {
      const handler = start(world);
      let isFirst = true;
      return async () => {
        await handler();
        if (isFirst) await world.effects.ping();
        isFirst = false;
      };
    };
    const failure = await failureOf(survives(pinging, exampleUserCreated(), { ...tried, keys: { ping: () => "one" } }));
    expect(failure.schedule.split(" ")).toHaveLength(3);
    const again = await failureOf(survives(pinging, exampleUserCreated(), { ...tried, keys: { ping: () => "one" } }));
    expect(again.message).toBe(failure.message);
  });

  test("takes a database whose statements take time, and whose transaction gives a function", async () => {
    const rows = new Map<string, number>();
    let isOpen = false;
    type Query = (id: string, by: number) => Promise<number>;
    const query: Query = async (id, by) => {
      await setImmediate();
      rows.set(id, (rows.get(id) ?? 0) + by);
      return rows.get(id) ?? 0;
    };
    const database = {
      query,
      async transaction(work: (query: Query) => Promise<void>): Promise<void> {
        expect(isOpen).toBe(false);
        isOpen = true;
        const before = [...rows];
        await work(query)
          .catch(async (error) => {
            await setImmediate();
            rows.clear();
            for (const [id, count] of before) rows.set(id, count);
            throw error;
          })
          .finally(() => {
            isOpen = false;
          });
        await setImmediate();
      },
    };
    const source = {
      reset: () => {
        rows.clear();
        return database;
      },
      snapshot: () => rows,
    };
    const once =
      ({ state }: { readonly state: typeof database }) =>
      async ({ id }: { readonly id: string }) => {
        await state.transaction(async (tx) => {
          if ((await tx(id, 0)) > 0) return;
          await tx("balance", 10);
          await tx(id, 1);
        });
      };
    await survives(once, exampleUserCreated(), { state: source, schedules: 100 });
    const each =
      ({ state }: { readonly state: typeof database }) =>
      async () => {
        await state.transaction(async (tx) => void (await tx("balance", 10)));
      };
    const { story } = await failureOf(survives(each, exampleUserCreated(), { state: source }));
    expect(story).toContain("process 1 calls tx('balance', 10), which returns 10");
  });

  test("compares the answers of a command", async () => {
    const start =
      ({ state }: { readonly state: Bank }) =>
      async () => {
        return { valid: await state.note("token") };
      };
    const failure = await failureOf(survives(start, exampleValidateToken(), { state: bank }));
    expect(failure.differences).toEqual(["the answer.valid is false, and true after a clean run."]);
  });

  test("gives a handler the context of its delivery", async () => {
    const seen = new Set<string>();
    const start =
      ({ state }: { readonly state: Bank }) =>
      async (event: { readonly id: string }, context: object) => {
        const { messageId, type, kind, attempt, redelivered, group, stream } = { ...context } as Record<
          string,
          unknown
        >;
        seen.add([type, kind, stream, group, messageId === event.id, Number(attempt) > 1 === redelivered].join(" "));
        await state.note(event.id);
      };
    await survives(start, exampleUserCreated(), { state: bank, schedules: 1, context: { group: "audit" } });
    expect([...seen]).toEqual(["user.created event events audit true true"]);
  });
});

describe("survives refuses", () => {
  const noting =
    ({ state }: { readonly state: Bank }) =>
    async ({ id }: { readonly id: string }) => {
      await state.note(id);
    };
  const refusal = (trial: Promise<unknown>): Promise<string> =>
    trial.then(
      () => "none",
      (error: Error) => `${error}`,
    );

  test("a handler that fails in a clean run", async () => {
    const start = () => async () => Promise.reject(new Error("no such table"));
    expect(await refusal(survives(start, exampleUserCreated(), { state: bank }))).toMatch(
      /^UsageError: survives: the handler fails in a clean run: no such table\n/,
    );
  });

  test("a handler that does nothing which can be seen", async () => {
    const start = () => async () => undefined;
    expect(await refusal(survives(start, exampleUserCreated(), { state: bank }))).toContain("so nothing is proved");
  });

  test("a state whose data cannot be seen", async () => {
    class Closed {
      readonly #ids = new Set<string>();
      async note(id: string): Promise<void> {
        this.#ids.add(id);
      }
    }
    const start =
      ({ state }: { readonly state: Closed }) =>
      async ({ id }: { readonly id: string }) =>
        state.note(id);
    expect(await refusal(survives(start, exampleUserCreated(), { state: () => new Closed() }))).toContain("snapshot()");
  });

  test("methods that return no promise, and properties that are set", async () => {
    const state = () => ({ count: 0, add: (by: number) => by, snapshot: () => ({}) });
    type State = ReturnType<typeof state>;
    const calling =
      ({ state: counter }: { readonly state: State }) =>
      async () =>
        counter.add(1);
    expect(await refusal(survives(calling, exampleUserCreated(), { state }))).toContain(
      "state.add(1) returned no promise",
    );
    const setting =
      ({ state: counter }: { readonly state: State }) =>
      async () => {
        counter.count += 1;
      };
    expect(await refusal(survives(setting, exampleUserCreated(), { state }))).toContain(
      "the handler sets state.count = 1",
    );
  });

  test("a handler that calls the state inside its own transaction", async () => {
    const start =
      ({ state }: { readonly state: Bank }) =>
      async ({ id }: { readonly id: string }) => {
        await state.transaction(async () => void (await state.note(id)));
      };
    expect(await refusal(survives(start, exampleUserCreated(), { state: bank }))).toContain("call tx, not state");
  });

  test("a handler that awaits what never comes", async () => {
    const start =
      ({ state }: { readonly state: Bank }) =>
      async ({ id }: { readonly id: string }) => {
        await state.note(id);
        await new Promise(() => undefined);
      };
    const trial = survives(start, exampleUserCreated(), { state: bank, timeoutSeconds: 0.02 });
    expect(await refusal(trial)).toContain("awaits what is neither state nor effects");
  });

  test.each(["", "die", "die-after@x", "die-after@2 fail@1", "fail@1@2"])("the schedule %j", async (repeat) => {
    expect(await refusal(survives(noting, exampleUserCreated(), { state: bank, repeat }))).toContain("is no schedule");
  });

  test("arguments that a caller without types has mixed up", async () => {
    const mixed = survives as unknown as (...given: readonly unknown[]) => Promise<unknown>;
    const message = exampleUserCreated();
    expect(await refusal(mixed(noting))).toContain("the second argument must be a whole message");
    expect(await refusal(mixed(message, noting, {}))).toContain("the first argument must be a function");
    expect(await refusal(mixed(noting, [], {}))).toContain("the second argument must be a whole message, or an array");
    expect(await refusal(mixed(noting, message, { order: "any" }))).toContain('order must be "none" or "entity"');
    expect(await refusal(mixed(noting, message))).toContain("the third argument must be { state, effects }");
    expect(await refusal(mixed(noting, message, { schedule: 5 }))).toContain('there is no option "schedule"');
    expect(await refusal(mixed(noting, message, { state: {} }))).toContain("state must be a function");
    expect(await refusal(mixed(() => 5, message, { state: bank }))).toContain("must return the handler of the process");
  });

  test("a schedule that the handler does not have", async () => {
    expect(await refusal(survives(noting, exampleUserCreated(), { state: bank, repeat: "fail@40" }))).toContain(
      "the handler has no schedule fail@40",
    );
  });
});

const MESSAGE = "00000000-0000-4000-8000-000000000001";

describe("survives, with several messages", () => {
  const update = (number: number, name: string) =>
    exampleUserUpdated({
      ...{ id: `00000000-0000-4000-8000-00000000000${number}`, timestamp: `2030-01-01T00:00:0${number}Z` },
      ...{ entity_id: 7, after_data: { first_name: name } },
    });
  const [first, second] = [update(1, "Ada"), update(2, "Grace")];
  const followed = { ...first, metadata: { isFollowed: true } };
  const several = { state: names, schedules: 30 };

  test.each(Object.entries(rightOfSeveral))("lets a handler pass that %s", async (_, start) => {
    const { exhaustive } = await survives(start, [followed, second], several);
    expect(exhaustive).toBeGreaterThan(0);
  });

  test.each(Object.entries(wrongOfSeveral))("stops a handler that %s, which bears each alone", async (_, start) => {
    for (const message of [first, second]) await survives(start, message, several);
    const failure = await failureOf(survives(start, [followed, second], several));
    const repeated = await failureOf(survives(start, [followed, second], { ...several, repeat: failure.schedule }));
    expect(repeated).toMatchObject({ story: failure.story, differences: failure.differences });
  });

  test("tells an older message that overwrites a newer one in words", async () => {
    const start = wrongOfSeveral["overwrites with what is older"] as (typeof wrongOfSeveral)[string];
    const failure = await failureOf(survives(start, [first, second], several));
    expect(failure.message).toBe(
      [
        "the handler of user.updated does not survive at-least-once delivery.",
        "",
        "> 1. process 1 dies before it begins its handler of message 1",
        "  2. process 2 is given message 2 (attempt 1)",
        "  3. process 2 calls state.rename('user-7', 'Grace', '2030-01-01T00:00:02Z')",
        "  4. process 2 acknowledges message 2",
        "  5. process 3 is given message 1 (attempt 2)",
        "  6. process 3 calls state.rename('user-7', 'Ada', '2030-01-01T00:00:01Z')",
        "  7. process 3 acknowledges message 1",
        "",
        "state.names.get('user-7').name is 'Ada', and 'Grace' after a clean run.",
        "state.names.get('user-7').at is '2030-01-01T00:00:01Z', and '2030-01-01T00:00:02Z' after a clean run.",
        "",
        '{ repeat: "die-before@0" } repeats this schedule alone (23 schedules were tried, seed 1).',
      ].join("\n"),
    );
  });

  test("tells two messages that mix in one process in words", async () => {
    const start = wrongOfSeveral["keeps the message in a variable of its process"] as (typeof wrongOfSeveral)[string];
    const failure = await failureOf(survives(start, [first, second], several));
    expect(failure.story).toBe(
      [
        "   1. process 1 is given message 1 (attempt 1)",
        ">  2. process 1 waits before it calls state.name('user-7')",
        "   3. process 1 is given message 2 (attempt 1)",
        "   4. process 1 calls state.name('user-7')",
        "   5. process 1 calls state.note('00000000-0000-4000-8000-000000000002'), which returns true",
        "   6. process 1 acknowledges message 2",
        "   7. process 1 goes on with message 1",
        "   8. process 1 calls state.name('user-7')",
        "   9. process 1 calls state.note('00000000-0000-4000-8000-000000000002'), which returns false",
        "  10. process 1 acknowledges message 1",
      ].join("\n"),
    );
  });

  test("keeps the order of an entity, if the service does", async () => {
    const start = wrongOfSeveral["overwrites with what is older"] as (typeof wrongOfSeveral)[string];
    await survives(start, [first, second], { ...several, order: "entity" });
    const counting = wrongOfSeveral["counts in memory"] as (typeof wrongOfSeveral)[string];
    await failureOf(survives(counting, [first, second], { ...several, order: "entity" }));
  });
});
