import { notifySuccess, onUserCreated, publishUserCreated, successNotification, userCreated } from "@m-erp/messaging";
import { createTestMessaging, exampleUserCreated, memoryState, survives } from "@m-erp/messaging/testing";
import "@m-erp/messaging/testing/vitest"; // the matchers and their types; in Jest …/jest
import { expect, test } from "vitest";

const event = exampleUserCreated({ after_data: { email: "grace@example.com" } });

test("a user with this address keeps the contract", () => {
  expect(event).toKeepContract(userCreated);
});

test("a new user is welcomed", async () => {
  await using messaging = createTestMessaging({ service: "welcome-service" });
  onUserCreated(messaging, ({ after_data: { email } }) =>
    notifySuccess(messaging, { title: "Welcome", message: email }),
  );
  await messaging.start();
  await publishUserCreated(messaging, { entity_id: 7, after_data: { email: "grace@example.com" } });
  await messaging.settled();
  expect(messaging).toHavePublished(successNotification, { message: "grace@example.com" });
});

test("the credit is given once, whenever the process dies", async () => {
  const credit = () =>
    memoryState({ handled: new Set<string>(), cents: [] as number[] }, (data) => ({
      isNew: async (id: string) => data.handled.size < data.handled.add(id).size,
      add: async (cents: number) => void data.cents.push(cents),
    }));
  await survives(
    ({ state }) =>
      async ({ id }) => {
        await state.transaction(async (tx) => void ((await tx.isNew(id)) && (await tx.add(1000))));
      },
    event,
    { state: credit },
  );
});
