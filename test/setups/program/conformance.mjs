// What the package promises, tried in one process of whatever runtime runs this. Prints a line of JSON for each check.
import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import * as catalogue from "@m-erp/messaging";
import { Operations } from "@m-erp/messaging/operations";

const { createMessaging, publishUserCreated, onUserCreated, sendValidateToken, handleValidateToken, userCreated } =
  catalogue;
const redis = { url: process.env.REDIS_URL };
const logger = { info() {}, warn() {}, error() {} };
let services = 0;
const open = [];

/** A service on streams of its own. */
function create(options = {}) {
  const environment = options.environment ?? `conformance-${process.pid}-${++services}`;
  const settings = { service: "conformance", env: {}, blockTimeMs: 50, redis, logger, ...options, environment };
  return closedLater(createMessaging(settings));
}

/** Node 20 and 22 do not know `await using`. */
function closedLater(one) {
  open.push(one);
  return one;
}

async function eventually(look) {
  const until = Date.now() + 15_000;
  for (;;) {
    if (await look()) return;
    if (Date.now() > until) throw new Error(`did not come to hold: ${look}`);
    await sleep(20);
  }
}

const user = (number) => ({
  entity_id: number,
  after_data: { email: `user-${number}@example.com`, first_name: "Zoë 数 😀" },
});

const checks = {
  async "an event reaches its handler as it was published"() {
    const messaging = create();
    const seen = [];
    onUserCreated(messaging, (event) => void seen.push(event));
    messaging.on("user.*", (event) => void seen.push(event));
    await messaging.start({ requireRedis: true });
    const { id } = await publishUserCreated(messaging, user(1));
    await eventually(() => seen.length === 2);
    for (const event of seen) {
      assert.equal(event.id, id);
      assert.deepEqual(event.after_data, user(1).after_data);
    }
  },
  async "a message that breaks its contract is refused"() {
    const messaging = create();
    const broken = { ...user(1), after_data: { email: "nobody", password_hash: "x" } };
    await assert.rejects(publishUserCreated(messaging, broken), ({ code, issues }) => {
      return code === "CONTRACT_VIOLATED" && issues.length === 2;
    });
  },
  async "a command is answered, and a handler's publish inherits the correlation"() {
    const messaging = create({ service: "user-auth-service" });
    const seen = [];
    handleValidateToken(messaging, async ({ payload }) => {
      await sleep(1);
      await publishUserCreated(messaging, user(7));
      return { valid: payload.token === "right", user_id: 7 };
    });
    onUserCreated(messaging, ({ correlation_id }) => void seen.push(correlation_id));
    await messaging.start({ requireRedis: true });
    const options = { timeoutSeconds: 10, correlationId: "flow-1" };
    assert.deepEqual(await sendValidateToken(messaging, { token: "right" }, options), { valid: true, user_id: 7 });
    await eventually(() => seen.length === 1);
    assert.deepEqual(seen, ["flow-1"]);
  },
  async "a notification is heard live, and found later"() {
    const messaging = create();
    const heard = [];
    const screen = await catalogue.subscribeNotifications(
      messaging,
      { userId: 1 },
      ({ title }) => void heard.push(title),
    );
    const { entryId } = await catalogue.notifySuccess(messaging, { title: "a", message: "m", target_user_id: 1 });
    await eventually(() => heard.length === 1);
    await screen.close();
    await catalogue.notifySuccess(messaging, { title: "b", message: "m", target_user_id: 1 });
    await catalogue.subscribeNotifications(messaging, { userId: 1 }, ({ title }) => void heard.push(title), {
      since: entryId,
    });
    await eventually(() => heard.length === 2);
    assert.deepEqual(heard, ["a", "b"]);
  },
  async "a handler that fails is called again, then its message is a dead letter"() {
    const options = { environment: `conformance-${process.pid}-dead`, maxRetries: 1 };
    const messaging = create({ ...options, retryDelaySeconds: 0.05 });
    const attempts = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      throw new Error("the handler's own");
    });
    await messaging.start({ requireRedis: true });
    await publishUserCreated(messaging, user(1));
    const operations = closedLater(new Operations({ ...options, env: {}, redis }));
    const letters = [];
    await eventually(async () => {
      letters.length = 0;
      for await (const letter of operations.deadLetters.list("events")) letters.push(letter);
      return letters.length === 1;
    });
    assert.deepEqual(attempts, [1, 2]);
    assert.match(JSON.stringify(letters), /the handler's own/);
  },
  async "a message that is published again once is stored once"() {
    const messaging = create();
    const id = "9b9b7d4e-3a43-4b7e-9d0c-6d1a2f0c4f11";
    const first = await publishUserCreated(messaging, user(1), { id, once: true });
    const again = await publishUserCreated(messaging, user(1), { id, once: true });
    assert.equal(again.entryId, first.entryId);
  },
  async "two thousand messages of a list are handled, each entity's in order"() {
    const messaging = create({ order: "entity", concurrency: 50 });
    const seen = new Map();
    onUserCreated(messaging, async ({ entity_id, after_data }) => {
      await sleep(0);
      seen.set(entity_id, [...(seen.get(entity_id) ?? []), Number(after_data.last_name)]);
    });
    await messaging.start({ requireRedis: true });
    const list = Array.from({ length: 2000 }, (_, n) => ({
      entity_id: 1 + (n % 20),
      after_data: { email: "a@example.com", last_name: String(n) },
    }));
    await messaging.publishAll(userCreated, list);
    await eventually(() => [...seen.values()].flat().length === 2000);
    for (const order of seen.values())
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
  },
  async "health tells that Redis answers and that the heartbeat's thread beats"() {
    const messaging = create({ leaseSeconds: 1 });
    onUserCreated(messaging, () => {});
    await messaging.start({ requireRedis: true });
    // Nothing says that the thread does not beat before a lease has passed.
    await sleep(2500);
    await eventually(async () => {
      const { status, details } = await messaging.health();
      return status === "healthy" && details.heartbeat?.state === "confirmed";
    });
  },
  async "a Redis that is not there is an error that may be repeated"() {
    const away = { url: "redis://127.0.0.1:1", connectionTimeoutSeconds: 0.3 };
    const messaging = create({ redis: away });
    await assert.rejects(publishUserCreated(messaging, user(1)), { code: "REDIS_UNAVAILABLE", retryable: true });
  },
  async "closing lets a handler finish"() {
    const messaging = create();
    const steps = [];
    onUserCreated(messaging, async () => {
      steps.push("began");
      await sleep(200);
      steps.push("ended");
    });
    await messaging.start({ requireRedis: true });
    await publishUserCreated(messaging, user(1));
    await eventually(() => steps.length === 1);
    await messaging.close();
    assert.deepEqual(steps, ["began", "ended"]);
  },
};

for (const [check, run] of Object.entries(checks)) {
  let error;
  try {
    await run();
  } catch (thrown) {
    error = thrown?.stack ?? String(thrown);
  }
  await Promise.all(open.splice(0).map((one) => one.close()));
  console.log(JSON.stringify({ check, error }));
}
