import { expect, it } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const { redis, admin } = await useRedis();

it("a handler that awaits close() of its own service lets it close, and its message is a dead letter after its retries", async () => {
  await fillEvents(admin, 1);
  const attempts: number[] = [];
  const run = async (maxRetries: number, until: (counts: { deadLettered: number }) => boolean): Promise<void> => {
    const messaging = createService(redis, { drainTimeoutSeconds: 0.1 });
    onUserCreated(
      messaging,
      async (_, { attempt }) => {
        attempts.push(attempt);
        await messaging.close();
      },
      // A handler's own number of retries counts, whatever the service's is.
      { maxRetries },
    );
    await messaging.start();
    await eventually(() => until(messaging.counts));
    // The handler waits for this, and this for the handler.
    await messaging.close();
  };

  for (const nth of [1, 2]) await run(1, () => attempts.length === nth);
  await run(1, ({ deadLettered }) => deadLettered === 1);

  expect(attempts).toEqual([1, 2]);
  const [[, letter] = []] = await admin.xrange("{events}:dead", "-", "+");
  expect(letter?.[letter.indexOf("reason") + 1]).toBe("POISONOUS");
});
