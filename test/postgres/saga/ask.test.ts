import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createUser, MessagingError, UnrecoverableError } from "../../../generated/index.js";
import { defineSaga, type Saga, SagaOperations } from "../../../runtime/saga/index.js";
import { eventually } from "../../support/eventually.js";
import { hasPostgres, usePostgres } from "../../support/postgres.js";
import { useRedis } from "../../support/redis.js";
import { openStage, type SagaStage, until } from "./stage.js";

interface Asked {
  name?: string;
}

const asking: Saga<Asked> = defineSaga<Asked>(
  { name: "asking", version: 1, state: { type: "object", properties: { name: { type: "string" } } } },
  (saga) => {
    saga.begins(({ name }, step) =>
      step.ask(createUser, { email: "ada@example.com", ...(name && { first_name: name }) }, { maxRetries: 0 }),
    );
    saga.answered(createUser, (_state, _result, step) => step.done());
  },
);

describe.skipIf(!hasPostgres)("a command of a saga", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  const { redis, admin } = await useRedis();
  let stage: SagaStage;
  beforeEach(async () => {
    await admin.flushall();
    stage = await openStage(redis, postgres);
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  test("that PostgreSQL would not read as JSON is sent, and holds up no other", async () => {
    const { begin } = await stage.start({ definition: asking });
    const names = ["a\u0000b", "half \ud83d"];
    for (const [at, name] of names.entries()) await begin(`odd ${at}`, { name });
    await begin("even", {});
    for (const id of ["even", "odd 0", "odd 1"]) await until(stage.pool, id, "done");
  });

  test("that is under way is not sent again when an operator has it sent, and its answer is taken", async () => {
    let answer = (): void => undefined;
    stage.others.before = () => new Promise<void>((resolve) => (answer = resolve));
    const { begin, messaging, sagas } = await stage.start({ definition: asking });
    await begin("1", {});
    await eventually(() => stage.others.asked.length, Boolean);
    await stage.pool.query("UPDATE merp_saga_ask SET error = 'it failed before'");
    for (let times = 0; times < 2; times++) {
      expect(await new SagaOperations(stage.pool).retry("asking", "1")).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(await admin.xlen("commands")).toBe(1);
    answer();
    await until(stage.pool, "1", "done");
    expect(messaging.counts.answerUnclaimed).toBe(0);
    await sagas.stop();
  });

  test("is kept from other processes for as long as its schema has it waited for", async () => {
    stage.others.before = () => new Promise(() => undefined);
    const timeout = { type: "integer", default: 120 } as const;
    const { schema } = createUser;
    const slow = { ...createUser, schema: { ...schema, properties: { ...schema.properties, timeout } } };
    const patient = defineSaga<object>({ name: "patient", version: 1, state: { type: "object" } }, (saga) => {
      saga.begins((_state, step) => step.ask(slow, { email: "ada@example.com" }));
      saga.answered(slow, (_state, _result, step) => step.done());
    });
    const { begin } = await stage.start({ definition: patient });
    await begin("1", {});
    await eventually(() => stage.others.asked.length, Boolean);
    const { rows } = await stage.pool.query("SELECT due_at > now() + interval '100 s' AS late FROM merp_saga_ask");
    expect(rows).toEqual([{ late: true }]);
  });

  test("that is refused with a text which PostgreSQL does not take fails its saga", async () => {
    stage.others.before = () => {
      throw new UnrecoverableError("no\u0000");
    };
    const { begin } = await stage.start({ definition: asking });
    await begin("1", {});
    const { error } = await until(stage.pool, "1", "undone");
    expect(error).toBe("create_user was refused: no\ufffd");
  });

  test("is sent until its service has begun it, where the database of that service is away", async () => {
    stage.others.before = () => {
      if (stage.others.asked.length > 3) return;
      throw new MessagingError("DATABASE_UNAVAILABLE", "the database of the inbox cannot be asked");
    };
    const { begin } = await stage.start({ definition: asking });
    await begin("1", {});
    await until(stage.pool, "1", "done");
    expect(stage.others.asked).toHaveLength(4);
  });

  test("whose refusal fails its step is not sent again, and the step is, with the error on record", async () => {
    stage.others.before = (command) => {
      if (command === "create_user") throw new UnrecoverableError("the address is taken");
    };
    let isBroken = true;
    const strict = defineSaga<{ why?: string }>(
      { name: "strict", version: 1, state: { type: "object", properties: { why: { type: "string" } } } },
      (saga) => {
        saga.begins((_state, step) => step.ask(createUser, { email: "ada@example.com" }));
        saga.refused(createUser, (state, { message }, step) => {
          if (isBroken) throw new Error("a fault of the step");
          state.why = message;
          step.done();
        });
      },
    );
    const { begin } = await stage.start({ definition: strict });
    await begin("1", {});
    const operations = new SagaOperations(stage.pool);
    const details = await eventually(
      () => operations.get("strict", "1"),
      (found) => (found?.asks[0]?.attempts ?? 0) >= 2,
    );
    expect(details?.asks[0]?.error).toBe("a fault of the step");
    isBroken = false;
    // What the other service has kept of it is gone.
    await admin.flushall();
    await operations.retry("strict", "1");
    const { state } = await until(stage.pool, "1", "done");
    expect(state).toMatchObject({ why: expect.stringContaining("the address is taken") });
    expect(stage.others.asked).toEqual(["create_user"]);
  });
});
