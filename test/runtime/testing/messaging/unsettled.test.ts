import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated, registerHandlers, sendValidateToken } from "../../../../generated/index.js";
import {
  createTestBroker,
  createTestMessaging,
  type TestMessaging,
  type TestMessagingOptions,
} from "../../../../generated/testing.js";
import { eventually } from "../../../support/eventually.js";
import { logBook } from "../../../support/service.js";

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };
const entry = "user.created (1893456000000-0, attempt 1)";
const isUp = "its time is up at 2030-01-01T00:15:00.000Z, in 15m";
const never = (): Promise<never> => new Promise(() => {});

function play(name: string, options: Partial<TestMessagingOptions> = {}): TestMessaging {
  const broker = createTestBroker({ startsAt: "2030-01-01", seed: 42, realTimeLimitMs: 50 });
  return createTestMessaging({ service: name, broker, logger: logBook(), ...options });
}

/** What settled() says of a service whose handlers do not end. */
async function saidOf(
  messaging: TestMessaging,
): Promise<{ readonly running: readonly string[]; readonly message: string }> {
  await messaging.start();
  void publishUserCreated(messaging, user);
  return messaging.settled().then(
    () => expect.unreachable("it has settled"),
    (error) => error,
  );
}

describe("what does not settle is told by", () => {
  it("the name of the handler's function, what it waits for, and until when", async () => {
    const messaging = play("billing");
    onUserCreated(messaging, async function charge() {
      await never();
    });
    const error = await saidOf(messaging);

    const line = `billing handles ${entry} in charge: it waits for a promise of its own; ${isUp}`;
    expect(error).toMatchObject({ code: "TEST_UNSETTLED", name: "UnsettledError", running: [line] });
    expect(error.message).toContain(`nothing has happened for 50 ms, and not all has ended:\n- ${line}\n`);
    expect(error.message).toContain("time.advance()");
    expect(error.message).toContain("(seed 42)");
    // Its time is up: whatever it does counts for nothing any more.
    await messaging.time.advance("16m");
    expect(messaging.counts.handlerFailed).toBe(1);
  });

  it("the name of the method of an object of handlers", async () => {
    const messaging = play("billing");
    class Billing {
      async onUserCreated(): Promise<void> {
        await never();
      }
    }
    registerHandlers(messaging, new Billing());
    expect((await saidOf(messaging)).running).toEqual([expect.stringContaining(" in onUserCreated: ")]);
  });

  it("the answer for which another handler waits meanwhile", async () => {
    const messaging = play("billing");
    onUserCreated(messaging, async ({ entity_id }) => {
      if (entity_id === 7) await never();
      await sendValidateToken(messaging, { token: "x" }, { targetService: "auth", timeoutSeconds: 60 });
    });
    await publishUserCreated(messaging, { ...user, entity_id: 8 });
    expect((await saidOf(messaging)).running).toEqual([
      expect.stringContaining("in an unnamed function: it waits for a promise of its own;"),
      `billing handles ${entry} in an unnamed function: it waits for the answer to validate_token from auth, until 2030-01-01T00:01:00.000Z, in 1m`,
    ]);
  });

  it("the interceptor that holds a message, or its publish", async () => {
    const handling = play("billing", {
      interceptors: [(call, next) => (call.operation === "handle" ? never() : next())],
    });
    onUserCreated(handling, () => {});
    expect((await saidOf(handling)).running).toEqual([
      `billing handles ${entry}: it waits for an interceptor, before its handler is called; ${isUp}`,
    ]);
    const publishing = play("web", { interceptors: [never] });
    expect((await saidOf(publishing)).running).toEqual(["web publishes user.created: it waits for an interceptor"]);
  });
});

it("a test that ends too early is told what each message waits for", async () => {
  const logger = logBook();
  const messaging = play("billing", { logger, leaseSeconds: 15, retryDelaySeconds: 60, drainTimeoutSeconds: 0 });
  const other = createTestMessaging({ service: "billing", broker: messaging.broker, logger });
  onUserCreated(messaging, async function charge({ entity_id }) {
    if (entity_id === 7) await never();
    if (entity_id === 8) throw new Error("not yet");
    messaging.crash();
  });
  onUserCreated(other, async function charge() {
    await never();
  });
  await messaging.start();
  for (const id of [8, 9]) await publishUserCreated(messaging, { ...user, entity_id: id }).catch(() => {});
  await messaging.settled();
  await other.start();
  await publishUserCreated(other, user);
  await expect(other.settled()).rejects.toThrow();
  await other.broker.close();

  const [told] = logger.lines.filter(({ text }) => text.includes("before it had handled"));
  expect(told).toMatchObject({ level: "warn", details: { seed: 42 } });
  expect((told?.details as { readonly waiting?: unknown } | undefined)?.waiting).toEqual([
    expect.stringMatching(
      /^billing handles user\.created \(\S+, attempt 1\) in charge: it waits for a promise of its own; /,
    ),
    expect.stringMatching(
      /^user\.created \(\S+, attempt 1\) on events waits for its retry at 2030-01-01T00:00:\S+, in \d+m?s$/,
    ),
    expect.stringMatching(
      / waits for the lease of an instance that has crashed, which ends soon after 2030-01-01T00:00:15/,
    ),
    expect.stringMatching(/ waits for the next instance$/),
  ]);
});

it("a test that ends while a type is paused is told so", async () => {
  const logger = logBook();
  const billing = play("billing", { logger });
  onUserCreated(billing, () => {});
  await billing.start();
  await billing.groups.pause("events", "billing-workers", { type: "user.created" });
  await billing.time.advance("2s");
  await publishUserCreated(billing, user);
  await billing.time.advance("2s");
  await billing.broker.close();
  expect(JSON.stringify(logger.lines)).toMatch(/attempt 0\) on events waits for its type to be resumed/);
});

it("a test that waits for an answer in a time that does not pass is warned", async () => {
  const logger = logBook();
  const web = play("web", { logger });
  const answer = sendValidateToken(web, { token: "x" }, { targetService: "auth" }).catch(({ code }) => code);
  const [line] = await eventually(
    () => logger.lines,
    ({ length }) => length > 0,
  );
  expect(line).toMatchObject({
    level: "warn",
    text: "web waits for the answer to validate_token from auth, until 2030-01-01T00:00:30.000Z, in 30s; time passes only when it is told to",
  });
  const inTime = sendValidateToken(web, { token: "x" }, { targetService: "auth" }).catch(({ code }) => code);
  await web.time.advance("30s");
  expect(await Promise.all([answer, inTime])).toEqual(["COMMAND_TIMEOUT", "COMMAND_TIMEOUT"]);
  await sleep(40);
  expect(logger.lines).toHaveLength(1);
});
