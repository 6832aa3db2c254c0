import {
  type Descriptor,
  type Handler,
  type Messaging,
  type PublishOptions,
  publishUserCreated,
  publishUserLocked,
  successNotification,
  type UserCreated,
  userCreated,
  warningNotification,
} from "@m-erp/messaging";
import { createTestMessaging, exampleUserCreated, survives } from "@m-erp/messaging/testing";
import "@m-erp/messaging/testing/vitest";
import { expect, test } from "vitest";
import { accountNotices } from "./notices.js";

test("users are told of what happens to their accounts", async () => {
  await using messaging = createTestMessaging({ service: "user-auth-service" });
  accountNotices(messaging);
  await messaging.start();

  await publishUserCreated(messaging, { entity_id: 7, after_data: { email: "ada@example.com", first_name: "Ada" } });
  await publishUserLocked(messaging, { entity_id: 7, after_data: { reason: "wrong passwords", failed_attempts: 5 } });
  await messaging.settled();

  expect(messaging).toHavePublished(successNotification, { title: "Welcome, Ada!", target_user_id: 7 });
  expect(messaging).toHavePublished(warningNotification, { message: "Somebody entered a wrong password 5 times." });
});

test("a new user is welcomed once, whatever happens", async () => {
  await survives(({ effects }) => handlerWith(effects), exampleUserCreated(), {
    effects: broker,
    // A message that is published once is stored once under its id.
    keys: { store: (_type, _message, { id, once }) => (once === true ? id : undefined) },
    schedules: 100,
  });
});

const broker = {
  store: async (_type: string, _message: unknown, _options: PublishOptions) => undefined,
};

/** The handler of new users, whose publishes are effects. */
function handlerWith({ store }: typeof broker): Handler<UserCreated> {
  const handlers = new Map<unknown, Handler<never>>();
  const on = (descriptor: unknown, handler: Handler<never>): unknown => handlers.set(descriptor, handler);
  const publish = ({ type }: Descriptor, message: unknown, options: PublishOptions) => store(type, message, options);
  accountNotices({ on, publish } as unknown as Messaging);
  return handlers.get(userCreated) as Handler<UserCreated>;
}
