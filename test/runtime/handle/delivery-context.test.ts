import { queryObjects } from "node:v8";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import {
  type Logger,
  type MessageContext,
  onUserCreated,
  publishUserCreated,
  type UserCreated,
} from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const publish = (messaging: ReturnType<typeof createService>): Promise<unknown> =>
  publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** How many signals are alive, after a full garbage collection. Whatever aborts one has it, too. */
function alive(): number {
  return queryObjects(AbortSignal, { format: "count" });
}

/** An error that is kept keeps what its stack consists of. */
const FORGETFUL: Logger = { info: () => {}, warn: () => {}, error: () => {} };

type Reading = (event: UserCreated, context: MessageContext) => unknown;

describe("the signal of a delivery", () => {
  it.each<[string, Reading]>([
    ["returns", (_event, { signal }) => signal.aborted],
    ["resolves", async (_event, { signal }) => turn().then(() => signal.aborted)],
    ["throws", (_event, { signal, attempt }) => (attempt === 1 ? raise(signal) : undefined)],
    ["rejects", async (_event, { signal, attempt }) => (attempt === 1 ? raise(signal) : undefined)],
    ["uses up its time", (_event, { signal, attempt }) => signal.aborted || (attempt === 1 && new Promise(() => {}))],
    ["ends before it reads", (_event, context) => void setImmediate(() => context.signal.aborted)],
  ])("is gone once its handler %s", async (_, handler) => {
    const options = { retryDelaySeconds: 0.001, handlerTimeoutSeconds: 0.05, logger: FORGETFUL };
    await using messaging = createService(redis, options);
    onUserCreated(messaging, handler);
    await messaging.start();
    const handle = async (count: number): Promise<number> => {
      const handled = messaging.counts.handled + count;
      await fillEvents(admin, count);
      await eventually(() => messaging.counts.handled === handled);
      await turn();
      return alive();
    };
    const before = await handle(20);
    expect((await handle(300)) - before).toBeLessThan(50);
  });

  it("may be read by many handlers at once, of which Node does not warn", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    await using messaging = createService(redis);
    const opened = gate();
    let running = 0;
    onUserCreated(messaging, async (_event, { signal }) => {
      running += signal.aborted ? 0 : 1;
      await opened.promise;
    });
    await messaging.start();
    await fillEvents(admin, 50);
    await eventually(() => running === 50);
    opened.open();
    await eventually(() => messaging.counts.handled === 50);
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  });

  it("is one and the same, however often it is read", async () => {
    await using messaging = createService(redis);
    const read: AbortSignal[] = [];
    onUserCreated(messaging, async (_event, context) => {
      read.push(context.signal, context.signal);
      await turn();
      read.push(context.signal);
    });
    await messaging.start();
    await publish(messaging);
    await eventually(() => messaging.counts.handled === 1);
    expect(new Set(read).size).toBe(1);
    expect(read).toHaveLength(3);
  });

  it("is aborted when the handler has used up its time, with that as its reason", async () => {
    await using messaging = createService(redis, { handlerTimeoutSeconds: 0.05, maxRetries: 0 });
    const contexts: MessageContext[] = [];
    const reasons: unknown[] = [];
    for (const reads of [true, false]) {
      onUserCreated(messaging, async (_event, context) => {
        contexts.push(context);
        if (reads) await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        reasons.push(context.signal.reason);
      });
    }
    await messaging.start();
    await publish(messaging);
    await eventually(() => reasons.length === 2);
    const timeout = { name: "HandlerTimeoutError", code: "HANDLER_TIMEOUT", message: /user.created/ };
    expect(reasons[0]).toMatchObject({ ...timeout, message: expect.stringMatching(timeout.message) });
    expect(reasons[1]).toBe(reasons[0]);
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it("is aborted at the drain deadline, also where it is read only then", async () => {
    const messaging = createService(redis, { drainTimeoutSeconds: 0.05 });
    let running = 0;
    const aborted: boolean[] = [];
    const ending = gate();
    onUserCreated(messaging, async ({ entity_id }, context) => {
      running += 1;
      if (entity_id === 1) context.signal.addEventListener("abort", ending.open);
      await ending.promise;
      aborted.push(context.signal.aborted);
    });
    await messaging.start();
    await fillEvents(admin, 2);
    await eventually(() => running === 2);
    await messaging.close();
    await eventually(() => aborted.length === 2);
    expect(aborted).toEqual([true, true]);
  });

  it("is aborted by nothing once the handler has ended, also where it is read only then", async () => {
    const messaging = createService(redis, { drainTimeoutSeconds: 0.05 });
    const contexts: MessageContext[] = [];
    onUserCreated(messaging, ({ entity_id }, context) => {
      contexts.push(context);
      // The last one keeps the others company until the drain deadline has passed.
      if (entity_id === 4) return new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      if (entity_id === 1) expect(context.signal.aborted).toBe(false);
      return entity_id === 2 ? turn().then(() => context.signal) : undefined;
    });
    await messaging.start();
    await fillEvents(admin, 4);
    await eventually(() => messaging.counts.handled === 3);
    await messaging.close();
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([false, false, false, true]);
  });
});

function raise(signal: AbortSignal): never {
  throw new Error(`a failure; aborted: ${signal.aborted}`);
}
