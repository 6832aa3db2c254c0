import { describe, expect, it } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  publishUserCreated,
  publishUserUpdated,
  sendValidateToken,
  userCreated,
  userDeleted,
  userUpdated,
  validateToken,
} from "../../../../generated/index.js";
import {
  assertDeadLettered,
  assertHandled,
  assertPublished,
  assertSent,
  createTestBroker,
  createTestMessaging,
  stub,
  type TestMessagingOptions,
} from "../../../../generated/testing.js";
import "../../../../runtime/testing/runner/vitest.js";
import { logBook } from "../../../support/service.js";

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };

function service(options: Partial<TestMessagingOptions> = {}): ReturnType<typeof createTestMessaging> {
  return createTestMessaging({ service: "billing", logger: logBook(), ...options });
}

/** The text of a failed assertion. */
function failureOf(assertion: () => unknown): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the assertion holds");
}

describe("a messaging of tests tells", () => {
  it("what its service has published, sent, handled and dead-lettered, and a broker what all have", async () => {
    const broker = createTestBroker();
    await using auth = service({ service: "auth-service", broker });
    await using web = service({ service: "web", broker, maxRetries: 0 });
    handleValidateToken(auth, () => ({ valid: true }));
    onUserCreated(web, async (event) => {
      if (event.entity_id === 8) throw new Error("no such company");
      await sendValidateToken(web, { token: "secret" }, { targetService: "auth-service" });
      await publishUserUpdated(web, { ...user, changes: { email: "ada@example.com" } });
    });
    await Promise.all([auth.start(), web.start()]);
    await publishUserCreated(auth, user);
    await publishUserCreated(auth, { ...user, entity_id: 8 });
    await broker.settled();

    expect(auth.published(userCreated).map(({ entity_id }) => entity_id)).toEqual([7, 8]);
    expect(web.published(userCreated)).toEqual([]);
    expect(broker.published(userCreated)).toHaveLength(2);
    expect(web.sent(validateToken).map(({ payload }) => payload.token)).toEqual(["secret"]);
    expect(web.handled(userCreated).map(({ entity_id }) => entity_id)).toEqual([7]);
    expect(web.deadLettered(userCreated).map(({ entity_id }) => entity_id)).toEqual([8]);
    expect(auth.deadLettered(userCreated)).toEqual([]);
    expect(web.history()).toBe(
      [
        "user.created from auth-service",
        "  web handled it (attempt 1)",
        "    validate_token from web",
        "      auth-service handled it (attempt 1)",
        "    user.updated from web",
        "      web has no handler for it",
        "user.created from auth-service",
        "  web failed (attempt 1): no such company",
        "  web moved it to the dead letters: no such company",
      ].join("\n"),
    );
  });

  it("messages in another environment and encoding", async () => {
    await using messaging = service({ environment: "staging", encoding: "json" });
    await publishUserCreated(messaging, user);
    expect(messaging.published(userCreated)).toMatchObject([user]);
    expect(messaging.history()).toContain("user.created");
  });

  it("of a redriven message what became of it then", async () => {
    let isBroken = true;
    await using messaging = service({ maxRetries: 0 });
    onUserCreated(messaging, () => {
      if (isBroken) throw new Error("down");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    isBroken = false;
    await messaging.deadLetters.redriveAll("events");
    await messaging.settled();
    expect(messaging.published(userCreated)).toHaveLength(1);
    expect(messaging.handled(userCreated)).toHaveLength(1);
    expect(messaging.history()).toBe(
      [
        "user.created from billing",
        "  billing failed (attempt 1): down",
        "  billing moved it to the dead letters: down",
        "  billing-workers has it redriven",
        "  billing handled it (attempt 1)",
      ].join("\n"),
    );
  });

  it("the hooks of the test what it tells", async () => {
    const told: string[] = [];
    await using messaging = service({
      maxRetries: 0,
      hooks: {
        handled: ({ type }) => void told.push(`handled ${type}`),
        handlerFailed: ({ type }) => void told.push(`failed ${type}`),
        deadLettered: ({ type }) => void told.push(`dead ${type}`),
      },
    });
    onUserCreated(messaging, ({ entity_id }) => {
      if (entity_id === 8) throw new Error("no");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await publishUserCreated(messaging, { ...user, entity_id: 8 });
    await messaging.settled();
    expect(told).toEqual(["handled user.created", "failed user.created", "dead user.created"]);
  });
});

describe("an assertion", () => {
  it("takes a part of a message, and returns the message that has it", async () => {
    await using messaging = service();
    await publishUserCreated(messaging, user);
    await publishUserCreated(messaging, { ...user, entity_id: 8 });

    expect(assertPublished(messaging, userCreated, { entity_id: 8 })).toMatchObject({ ...user, entity_id: 8 });
    expect(messaging).toHavePublished(userCreated);
    expect(messaging).toHavePublished(userCreated, { after_data: { email: "ada@example.com" }, changes: undefined });
    expect(messaging).toHavePublished(userCreated, { id: expect.any(String) });
    expect(messaging.broker).toHavePublished(userCreated);
    expect(messaging).not.toHavePublished(userDeleted);
    expect(messaging).not.toHavePublished(userCreated, { entity_id: 9 });
    expect(messaging).not.toHavePublished(userCreated, { correlation_id: expect.any(String) });
  });

  it("that fails tells where the nearest message differs, and what happened", async () => {
    await using messaging = service();
    await publishUserCreated(messaging, user);
    await publishUserCreated(messaging, { ...user, entity_id: 8, after_data: { email: "b@example.com" } });
    const part = { entity_id: 7, after_data: { email: "x@example.com", first_name: "Ada" }, before_data: undefined };

    const text = [
      "expected billing to have published user.created with { entity_id: 7, after_data: { email: 'x@example.com', first_name: 'Ada' }, before_data: undefined }, but of 2 that were published none matches. The nearest differs here:",
      "  after_data.email is 'ada@example.com', expected 'x@example.com'",
      "  after_data.first_name is absent, expected 'Ada'",
      "",
      "What happened (seed 1):",
      "  user.created from billing",
      "    nobody has handled it",
      "  user.created from billing",
      "    nobody has handled it",
    ].join("\n");
    expect(failureOf(() => assertPublished(messaging, userCreated, part))).toBe(text);
    expect(failureOf(() => expect(messaging).toHavePublished(userCreated, part))).toBe(text);
    expect(failureOf(() => expect(messaging).toHavePublished(userUpdated))).toMatch(
      /^expected billing to have published user\.updated, but none was published\.\n\nWhat happened \(seed 1\):\n/,
    );
    expect(failureOf(() => expect(messaging).not.toHavePublished(userCreated, { entity_id: 7 }))).toMatch(
      /^expected billing not to have published user\.created with \{ entity_id: 7 \}, but one matches:\n {2}\{ id: /,
    );
    expect(failureOf(() => assertPublished(messaging.broker, userUpdated))).toContain("expected a service to have");
  });

  it("refuses what is no messaging and no contract, and says what to give", async () => {
    await using messaging = service();
    const mixed = assertPublished as unknown as (...given: readonly unknown[]) => unknown;
    expect(failureOf(() => mixed({}, userCreated))).toContain(
      "{} does not tell what was published: give the messaging",
    );
    expect(failureOf(() => mixed(messaging, "user.created"))).toContain("'user.created' is no contract");
    expect(failureOf(() => expect(5).toHaveSent(validateToken))).toContain("5 does not tell what was sent");
  });

  it("is there for what was sent, handled and dead-lettered", async () => {
    await using messaging = service({ maxRetries: 0 });
    onUserCreated(messaging, async ({ entity_id }) => {
      if (entity_id === 8) throw new Error("no such company");
      await messaging.tell(validateToken, { token: "secret" }, { targetService: "auth-service" });
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await publishUserCreated(messaging, { ...user, entity_id: 8 });
    await messaging.settled();

    expect(assertHandled(messaging, userCreated, { entity_id: 7 }).entity_id).toBe(7);
    expect(assertSent(messaging, validateToken, { payload: { token: "secret" } }).target_service).toBe("auth-service");
    expect(assertDeadLettered(messaging, userCreated, { entity_id: 8 }).entity_id).toBe(8);
    expect(messaging).toHaveHandled(userCreated, { entity_id: 7 });
    expect(messaging).toHaveSent(validateToken);
    expect(messaging).toHaveDeadLettered(userCreated, { entity_id: 8 });
    expect(messaging).not.toHaveDeadLettered(userCreated, { entity_id: 7 });
    expect(failureOf(() => assertHandled(messaging, userCreated, { entity_id: 8 }))).toContain(
      "billing moved it to the dead letters: no such company",
    );
  });
});

describe("a stub", () => {
  it("answers in place of a service, by a value or a handler", async () => {
    await using messaging = service();
    const answering = await stub(messaging.broker, validateToken, { valid: true });
    expect(await sendValidateToken(messaging, { token: "any" })).toEqual({ valid: true });
    await answering.close();

    await stub(messaging.broker, validateToken, ({ payload }) => ({ valid: payload.token === "secret" }));
    expect(await sendValidateToken(messaging, { token: "any" })).toEqual({ valid: false });
  });

  it("answers for another service than the schema's, and lets a command fail", async () => {
    await using messaging = service();
    const refusing = (): never => {
      throw new Error("locked");
    };
    await stub(messaging.broker, validateToken, refusing, { service: "other" });
    await expect(sendValidateToken(messaging, { token: "a" }, { targetService: "other" })).rejects.toThrow("locked");
  });
});
