import { afterEach, describe, expect, it } from "vitest";
import {
  type Correlation,
  currentCorrelation,
  defineCommand,
  defineEvent,
  type Encoding,
  handleValidateToken,
  notifySuccess,
  onSuccessNotification,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  sendValidateToken,
  withCorrelation,
} from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const encodings: readonly Encoding[] = ["fields", "json"];
const user = { email: "ada@example.com" };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const tracestate = "vendor=value";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

interface Seen {
  readonly type: string;
  readonly id: string;
  readonly correlation_id: string | undefined;
  readonly metadata: Record<string, unknown> | undefined;
}

describe.each(encodings)("what one request set off, as %s", (encoding) => {
  it("bears its correlation and trace from event to command to event to notification, each with its cause", async () => {
    await using users = createService(redis, { service: "users", encoding });
    await using tokens = createService(redis, { service: "user-auth-service", encoding });
    const seen: Seen[] = [];
    const note = (type: string, message: Omit<Seen, "type" | "metadata" | "correlation_id"> & Partial<Seen>): void => {
      const { id, correlation_id, metadata } = message;
      seen.push({ type, id, correlation_id, metadata });
    };
    onUserCreated(users, async (event) => {
      note("created", event);
      await new Promise((resolve) => setTimeout(resolve, 2));
      await sendValidateToken(users, { token: "t" });
      // After the answer it is still the event that is being handled.
      await notifySuccess(users, { title: "t", message: "m", metadata: { own: 1 } });
    });
    handleValidateToken(tokens, async (command) => {
      note("command", command);
      await publishUserUpdated(tokens, { entity_id: 1, after_data: user, changes: {} });
      return { valid: true };
    });
    onUserUpdated(users, (event) => note("updated", event));
    onSuccessNotification(users, (notification) => note("notified", notification));
    await Promise.all([users.start(), tokens.start()]);
    await withCorrelation({ correlationId: "one-request", traceparent, tracestate }, () =>
      publishUserCreated(users, { entity_id: 1, after_data: user }),
    );
    await eventually(() => seen.length === 4);
    const of = (type: string): Seen => seen.find((message) => message.type === type) as Seen;
    const trace = { traceparent, tracestate };
    expect(seen.map(({ correlation_id }) => correlation_id)).toEqual(Array(4).fill("one-request"));
    expect(of("created").metadata).toEqual(trace);
    expect(of("command").metadata).toEqual({ ...trace, sent: "once", causation_id: of("created").id });
    expect(of("updated").metadata).toEqual({ ...trace, causation_id: of("command").id });
    expect(of("notified").metadata).toEqual({ ...trace, causation_id: of("created").id, own: 1 });
  });
});

describe("a correlation", () => {
  it("given with a publish wins over what is inherited, and so does the publisher's own metadata", async () => {
    await using messaging = createService(redis);
    const seen: (Pick<Seen, "correlation_id" | "metadata"> & object)[] = [];
    onUserCreated(messaging, ({ correlation_id, metadata }) => {
      seen.push({ correlation_id, metadata });
    });
    await messaging.start();
    await withCorrelation({ correlationId: "inherited", traceparent }, () =>
      publishUserCreated(
        messaging,
        { entity_id: 1, after_data: user, metadata: { traceparent: "own", tracestate: undefined } },
        { correlationId: "given" },
      ),
    );
    await withCorrelation({ traceparent }, () =>
      publishUserCreated(messaging, { entity_id: 1, after_data: user, metadata: { traceparent: undefined } }),
    );
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([
      { correlation_id: "given", metadata: { traceparent: "own" } },
      { correlation_id: undefined, metadata: { traceparent } },
    ]);
  });

  it("is inherited without a trace that is malformed or too long, as anyone may have written it", async () => {
    await using messaging = createService(redis);
    const seen: unknown[] = [];
    onUserCreated(messaging, ({ metadata }) => void seen.push(metadata ?? {}));
    await messaging.start();
    const publish = (correlation: Correlation): Promise<unknown> =>
      withCorrelation(correlation, () => publishUserCreated(messaging, { entity_id: 1, after_data: user }));
    const long = "x".repeat(100_000);
    await publish({ traceparent: long, tracestate: "a=1" });
    await publish({ traceparent: `${traceparent}-${"0".repeat(65)}`, tracestate: "a=1" });
    await publish({ traceparent, tracestate: long, baggage: long });
    await publish({ traceparent, tracestate: "a=1", baggage: "b=2" });
    await eventually(() => seen.length === 4);
    expect(seen).toEqual([{}, {}, { traceparent }, { traceparent, tracestate: "a=1", baggage: "b=2" }]);
  });

  it("of messages that are handled side by side does not mix", async () => {
    await using messaging = createService(redis);
    const mixed: unknown[] = [];
    let handled = 0;
    onUserCreated(messaging, async ({ entity_id }, { correlationId }) => {
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        const current = currentCorrelation()?.correlationId;
        if (current !== `request ${entity_id}` || correlationId !== current) mixed.push([entity_id, current]);
      }
      handled += 1;
    });
    await messaging.start();
    const ids = Array.from({ length: 40 }, (_, at) => at + 1);
    await Promise.all(
      ids.map((id) =>
        publishUserCreated(messaging, { entity_id: id, after_data: user }, { correlationId: `request ${id}` }),
      ),
    );
    await eventually(() => handled === 40);
    expect(mixed).toEqual([]);
  });

  it("is nowhere where nothing is handled, and back to what it was after a request", () => {
    expect(currentCorrelation()).toBeUndefined();
    withCorrelation({ correlationId: "outer" }, () => {
      withCorrelation({ correlationId: "inner" }, () => expect(currentCorrelation()?.correlationId).toBe("inner"));
      expect(currentCorrelation()?.correlationId).toBe("outer");
    });
    expect(currentCorrelation()).toBeUndefined();
  });

  it("that a foreign message gives in a form that is none is left where it is", async () => {
    await using messaging = createService(redis);
    const seen: unknown[] = [];
    onUserCreated(messaging, async () => {
      seen.push(currentCorrelation());
      await publishUserUpdated(messaging, { entity_id: 1, after_data: user, changes: {} });
    });
    onUserUpdated(messaging, ({ metadata }) => void seen.push(metadata));
    await messaging.start();
    const { id } = await publishUserCreated(messaging, {
      entity_id: 1,
      after_data: user,
      metadata: { traceparent: 7, tracestate: null },
    });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([expect.objectContaining({ messageId: id, traceparent: undefined }), { causation_id: id }]);
  });

  it("goes without the cause where a contract has no place for it", async () => {
    const lamp = { type: "object", properties: { event_type: { const: "lamp.switched" }, on: { type: "boolean" } } };
    const lampSwitched = defineEvent<object, { readonly on: boolean }>("lamp.switched", lamp);
    const text = { type: "string" };
    const ask = { command_type: { const: "dim" }, id: text, target_service: text, payload: {}, reply_to: text };
    const metadata = { type: "object", properties: { mine: { type: "boolean" } } };
    const dim = defineCommand<object, object, object>("dim", { type: "object", properties: { ...ask, metadata } }, {});
    const failures: unknown[] = [];
    const hooks = { handlerFailed: ({ error }: { error: unknown }) => void failures.push(error) };
    await using messaging = createService(redis, { service: "lamps", hooks });
    const seen: unknown[] = [];
    onUserCreated(messaging, async () => {
      await messaging.publish(lampSwitched, { on: true });
      seen.push(await messaging.send(dim, {}, { targetService: "lamps" }));
    });
    messaging.on(lampSwitched, (event) => void seen.push(event));
    messaging.handle(dim, () => ({ dimmed: true }));
    await messaging.start();
    await publishUserCreated(messaging, { entity_id: 1, after_data: user });
    await eventually(() => seen.length + failures.length >= 2);
    expect(failures).toEqual([]);
    expect(seen).toEqual(expect.arrayContaining([{ event_type: "lamp.switched", on: true }, { dimmed: true }]));
  });
});
