import { describe, expect, it } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
} from "../../../../generated/index.js";
import { createTestBroker, createTestMessaging, type TestMessagingOptions } from "../../../../generated/testing.js";
import { logBook } from "../../../support/service.js";

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };

function service(options: Partial<TestMessagingOptions> = {}): ReturnType<typeof createTestMessaging> {
  return createTestMessaging({ service: "billing", logger: logBook(), ...options });
}

describe("a messaging of tests", () => {
  it("has what was published handled when it has settled", async () => {
    await using messaging = service();
    const handled: unknown[] = [];
    onUserCreated(messaging, ({ entity_id }) => void handled.push(entity_id));
    await messaging.start();

    await publishUserCreated(messaging, user);
    await messaging.settled();

    expect(handled).toEqual([7]);
  });

  it("retries when time has passed, and not before", async () => {
    await using messaging = service({ retryDelaySeconds: 60 });
    const attempts: number[] = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    expect(attempts).toEqual([1]);

    await messaging.time.advance("1m");
    expect(attempts).toEqual([1, 2]);
    await messaging.time.advance("2m");
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("answers the commands of another service that shares its broker", async () => {
    const broker = createTestBroker();
    await using auth = service({ service: "auth-service", broker });
    await using web = service({ service: "web", broker });
    handleValidateToken(auth, () => ({ valid: true }));
    await auth.start();

    const answer = await sendValidateToken(web, { token: "secret" }, { targetService: "auth-service" });

    expect(answer).toEqual({ valid: true });
  });

  it("rejects a command that nobody answers when its time is up", async () => {
    await using web = service();
    const answer = sendValidateToken(web, { token: "secret" }, { targetService: "auth-service", timeoutSeconds: 30 });
    const rejected = expect(answer).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });

    await web.time.advance("30s");

    await rejected;
  });
});
