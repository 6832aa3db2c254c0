import { createTestBroker, createTestMessaging, type TestMessaging } from "../../generated/testing.js";
import type { SharedBroker } from "../../runtime/testing/messaging/shared-broker.js";
import { logBook } from "../support/service.js";
import type { Stage } from "./stage.js";

const LONGEST_MS = 10_000;
const STEP_MS = 50;

/** Plays in memory. Time passes when a sentence waits. */
export async function inMemory(play: (stage: Stage) => Promise<void>, seed = 1): Promise<void> {
  const broker = createTestBroker({ patienceMs: 2, seed });
  const services: TestMessaging[] = [];
  const create = (service: string, options: object): TestMessaging => {
    const messaging = createTestMessaging({ service, logger: logBook(), retryDelaySeconds: 0.05, ...options, broker });
    services.push(messaging);
    return messaging;
  };
  const operator = create("operator", {});
  try {
    await play({
      service: (name, options = {}) => create(name, options),
      mortal: async (name, options = {}) => {
        const service = create(name, options);
        return { service, crash: () => service.crash() };
      },
      deadLetters: operator.deadLetters,
      groups: operator.groups,
      partitions: operator.partitions,
      usurp: async (partition, group) => {
        const sharing = (broker as SharedBroker).store.sharing("events", group);
        sharing.release({ partition, epoch: sharing.leaseOf(partition)?.epoch ?? 0 });
        sharing.acquire(partition, "intruder");
      },
      until: async (holds, what) => {
        await broker.time.advance(0);
        for (let ms = 0; !(await holds()); ms += STEP_MS) {
          if (ms > LONGEST_MS) throw new Error(`${what} did not come about`);
          await broker.time.advance(STEP_MS);
        }
      },
      pass: (ms) => broker.time.advance(ms),
    });
  } finally {
    for (const service of services) await service.close();
  }
}
