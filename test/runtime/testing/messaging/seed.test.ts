import { expect, it } from "vitest";
import { onUserCreated, publishUserCreated, userUpdated } from "../../../../generated/index.js";
import { assertPublished, createTestBroker, createTestMessaging } from "../../../../generated/testing.js";
import { logBook } from "../../../support/service.js";

/** When each attempt of three instances that fail, crash and trim was made. */
async function attemptsOf(seed?: number): Promise<readonly string[]> {
  await using broker = createTestBroker({ startsAt: "2030-01-01", ...(seed !== undefined && { seed }) });
  const attempts: string[] = [];
  const instances = [1, 2, 3].map((number) => {
    const options = { maxRetries: 9, leaseSeconds: 15, trimIntervalSeconds: 60, logger: logBook() };
    const messaging = createTestMessaging({ service: "billing", broker, ...options });
    onUserCreated(messaging, ({ entity_id }, { attempt }) => {
      attempts.push(`${broker.time.now().toISOString()} ${number} has ${entity_id} (attempt ${attempt})`);
      if (entity_id === 3 && attempt === 2) messaging.crash();
      throw new Error("not yet");
    });
    return messaging;
  });
  for (const each of instances) await each.start();
  const [first] = instances as [(typeof instances)[number]];
  for (const id of [1, 2, 3])
    await publishUserCreated(first, { entity_id: id, after_data: { email: "a@example.com" } });
  await broker.time.advance("1h");
  return attempts;
}

it("a run with the same seed is the same again, and another seed makes another one", async () => {
  const [one, again, other, usual] = [
    await attemptsOf(7),
    await attemptsOf(7),
    await attemptsOf(8),
    await attemptsOf(),
  ];
  expect(one.length).toBeGreaterThan(15);
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  expect(usual).toEqual(await attemptsOf(1));
});

it("a failure tells the seed", async () => {
  await using broker = createTestBroker({ seed: 7, maxHandled: 10 });
  const messaging = createTestMessaging({ service: "billing", broker, logger: logBook() });
  const user = { entity_id: 1, after_data: { email: "a@example.com" } };
  onUserCreated(messaging, async () => void (await publishUserCreated(messaging, user)));
  await messaging.start();
  await publishUserCreated(messaging, user);
  await expect(messaging.settled()).rejects.toThrow("(seed 7)");
  expect(() => assertPublished(messaging, userUpdated)).toThrow("What happened (seed 7):");
});
