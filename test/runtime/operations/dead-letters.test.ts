import { afterEach, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { type DeadLetter, Operations } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

async function lettersOf(operations: Operations, state: "open" | "any" = "open"): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of operations.deadLetters.list("events", { state })) letters.push(letter);
  return letters;
}

it("an operator sees why an entry died, gives it to its own group again, and sets another aside with a reason", async () => {
  await using operations = new Operations({ env: {}, redis: { url: redis.url } });
  await using messaging = createService(redis, { maxRetries: 0 });
  await using bystander = createService(redis, { service: "bystander" });
  let isBroken = true;
  const handled: number[] = [];
  const deliveries: unknown[] = [];
  onUserCreated(messaging, ({ entity_id }, { attempt, redelivered }) => {
    deliveries.push([entity_id, attempt, redelivered]);
    if (isBroken) throw Object.assign(new Error("the database is away"), { code: "E_DB" });
    handled.push(entity_id);
  });
  onUserCreated(bystander, () => {});
  await Promise.all([messaging.start(), bystander.start()]);
  for (const entity_id of [1, 2]) {
    await publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });
  }
  const letters = await eventually(
    () => lettersOf(operations),
    ({ length }) => length === 2,
  );
  const [first, second] = letters.sort((one, other) => (one.entryId < other.entryId ? -1 : 1)) as [
    DeadLetter,
    DeadLetter,
  ];
  expect(first).toMatchObject({ type: "user.created", group: "test-service-workers", reason: "E_DB", attempts: 1 });
  expect(first.errors.map(({ message }) => message)).toEqual(["the database is away"]);

  isBroken = false;
  expect(await operations.deadLetters.redriveAll("events", { reason: "E_OTHER" })).toBe(0);
  await operations.deadLetters.redrive("events", first.id, { by: "ada" });
  await eventually(() => handled.length === 1);
  await operations.deadLetters.discard("events", second.id, "a test account", { by: "ada" });
  expect(handled).toEqual([1]);
  // Attempts start again, but it was delivered before.
  expect(deliveries).toEqual([
    [1, 1, false],
    [2, 1, false],
    [1, 1, true],
  ]);
  expect(bystander.counts.handled).toBe(2);
  expect(await lettersOf(operations)).toEqual([]);
  const states = (await lettersOf(operations, "any")).map(({ id, state }) => [id, state.state]);
  expect(Object.fromEntries(states)).toEqual({ [first.id]: "redriven", [second.id]: "discarded" });
  await operations.deadLetters.redrive("events", first.id);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(handled).toEqual([1]);
});

it("redriving all ends, though what is redriven is a dead letter again at once", async () => {
  await using operations = new Operations({ env: {}, redis: { url: redis.url } });
  await using messaging = createService(redis, { maxRetries: 0 });
  onUserCreated(messaging, () => {
    throw new Error("broken");
  });
  await messaging.start();
  await fillEvents(admin, 60);
  await eventually(() => messaging.counts.deadLettered === 60);
  expect(await operations.deadLetters.redriveAll("events")).toBe(60);
  await eventually(() => messaging.counts.deadLettered === 120);
  expect(await lettersOf(operations)).toHaveLength(60);
});

/** A dead letter of a service that has stopped. */
async function letter(operations: Operations): Promise<DeadLetter> {
  await using messaging = createService(redis, { maxRetries: 0 });
  onUserCreated(messaging, () => {
    throw new Error("broken");
  });
  await messaging.start();
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
  const [found] = await eventually(
    () => lettersOf(operations),
    ({ length }) => length === 1,
  );
  return found as DeadLetter;
}

it("a dead letter that Redis refuses to return to its group stays open, and its redrive rejects", async () => {
  await using operations = new Operations({ env: {}, redis: { url: redis.url } });
  const { id, group } = await letter(operations);
  const last = "18446744073709551615-18446744073709551615";
  await admin.xadd(`{events}:redrive:${group}`, last, "a", "1");
  for (let times = 0; times < 2; times++) {
    await expect(operations.deadLetters.redrive("events", id)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    expect((await operations.deadLetters.get("events", id)).state).toEqual({ state: "open" });
  }

  await admin.del(`{events}:redrive:${group}`);
  const beyondNumbers = "9999999999999-9007199254740993";
  await admin.xadd(`{events}:redrive:${group}`, beyondNumbers, "a", "1");
  expect(await operations.deadLetters.redriveAll("events")).toBe(1);
  expect(await admin.xlen(`{events}:redrive:${group}`)).toBe(2);
});
