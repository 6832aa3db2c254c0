import { describe, expect, it } from "vitest";
import { type Extension, type Interceptor, onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { createTestMessaging } from "../../../generated/testing.js";
import { noting } from "../../support/interceptors.js";
import { logBook } from "../../support/service.js";

const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** An extension that notes all that it is asked for. */
function watching(steps: string[]): Extension {
  return {
    extend: () => ({
      interceptors: [noting(steps, "the extension")],
      hooks: [{ handled: () => void steps.push("its hook") }, { deadLettered: () => {} }],
      attach: ({ service, counts }) => {
        steps.push(`${service} is made, ${counts.handled} handled`);
        return () => void steps.push("it is closed");
      },
    }),
  };
}

describe("an extension", () => {
  it("adds interceptors outside of the service's own, hooks after them, and follows the messaging to its end", async () => {
    const steps: string[] = [];
    const messaging = createTestMessaging({
      service: "billing",
      extensions: [watching(steps)],
      interceptors: [noting(steps, "an interceptor")],
      hooks: { handled: () => void steps.push("the service's hook") },
      logger: logBook(),
    });
    onUserCreated(messaging, () => void steps.push("handled"));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    await messaging.close();
    expect(steps).toEqual([
      "billing is made, 0 handled",
      "the extension begins",
      "an interceptor begins",
      "handled",
      "an interceptor ends",
      "the extension ends",
      "the service's hook",
      "its hook",
      "it is closed",
    ]);
  });

  it("is made anew for each messaging that it is given to", async () => {
    let made = 0;
    const attach = (): (() => void) => {
      made++;
      return () => {};
    };
    const extension: Extension = { extend: () => ({ attach }) };
    await using _one = createTestMessaging({ service: "one", extensions: [extension], logger: logBook() });
    await using _two = createTestMessaging({ service: "two", extensions: [extension], logger: logBook() });
    expect(made).toBe(2);
  });

  it("is waited for by settled(), where its interceptor does something slow", async () => {
    const slow: Interceptor = async (_call, next) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return next();
    };
    const extension: Extension = { extend: () => ({ interceptors: [slow] }) };
    await using messaging = createTestMessaging({ service: "slow", extensions: [extension], logger: logBook() });
    onUserCreated(messaging, () => undefined);
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    expect(messaging.counts.handled).toBe(1);
  });
});

it("tells an interceptor the whole name of the stream, of what is published and of what is handled", async () => {
  const streams: string[] = [];
  await using messaging = createTestMessaging({
    service: "billing",
    environment: "staging",
    interceptors: [
      (call, next) => {
        streams.push(`${call.operation} ${call.stream}`);
        return next();
      },
    ],
    logger: logBook(),
  });
  onUserCreated(messaging, () => {});
  await messaging.start();
  await publishUserCreated(messaging, user);
  await messaging.settled();
  expect(streams).toEqual(["publish staging:events", "handle staging:events"]);
});
