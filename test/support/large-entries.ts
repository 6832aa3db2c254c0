import { onTestFinished } from "vitest";
import {
  type Encoding,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  userCreated,
} from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";
import { bytesOf } from "../../runtime/contract/codec.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { type DeadLetter, Operations } from "../../runtime/operations/index.js";
import { type StreamKeys, streamKeys } from "../../runtime/redis/keys.js";
import { eventually } from "./eventually.js";
import { useRedis } from "./redis.js";
import { createService } from "./service.js";
import { pendingEvents } from "./stream.js";

export const MIB: number = 1024 * 1024;
export const group = "test-service-workers";
export const keys: StreamKeys = streamKeys("events", group);

/** A valid entry with so much text more than others have. */
export function large(encoding: Encoding, length: number = 5 * MIB, change: object = {}): string[] {
  const message = { ...exampleUserCreated({ entity_id: 99 }), ...change, metadata: { text: "x".repeat(length) } };
  return contractOf(userCreated).write(message, encoding);
}

export function sizeOf(entry: readonly string[]): number {
  return bytesOf(entry, 0);
}

/** What a service that handles events has seen. */
interface Seen {
  readonly messaging: Messaging;
  readonly entities: number[];
}

/** A Redis with events that are too large, a service that handles them, and an operator. */
export async function useLargeEntries() {
  const { redis, admin } = await useRedis();
  const start = async (options: MessagingOptions = {}): Promise<Seen> => {
    const messaging = createService(redis, { ...options });
    onTestFinished(() => messaging.close());
    const entities: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void entities.push(entity_id));
    await messaging.start();
    return { messaging, entities };
  };
  const operator = (maxMessageBytes = MIB): Operations => {
    const operations = new Operations({ env: {}, redis: { url: redis.url }, maxMessageBytes });
    onTestFinished(() => operations[Symbol.asyncDispose]());
    return operations;
  };
  const letters = async (state: "open" | "any" = "open"): Promise<DeadLetter[]> => {
    const found: DeadLetter[] = [];
    for await (const letter of operator().deadLetters.list("events", { state })) found.push(letter);
    return found;
  };
  return {
    ...{ redis, admin, start, operator, letters },
    add: async (entry: readonly string[]): Promise<string> => (await admin.xadd("events", "*", ...entry)) as string,
    oneLetter: async (): Promise<DeadLetter> =>
      (await eventually(letters, ({ length }) => length === 1))[0] as DeadLetter,
    settled: (): Promise<unknown> =>
      eventually(
        () => pendingEvents(admin, group),
        (count) => count === 0,
      ),
  };
}
