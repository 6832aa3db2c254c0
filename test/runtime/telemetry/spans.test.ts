import {
  context as active,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import {
  defineEvent,
  handleValidateToken,
  type Interceptor,
  notifySuccess,
  onUserCreated,
  onUserDeleted,
  onUserUpdated,
  publishUserCreated,
  publishUserDeleted,
  publishUserUpdated,
  reloadConfig,
  sendValidateToken,
  type UserDeleted,
  type UserDeletedInput,
  userCreated,
  userDeleted,
  userUpdated,
  withCorrelation,
} from "../../../generated/index.js";
import { createTestBroker, createTestMessaging } from "../../../generated/testing.js";
import * as names from "../../../runtime/telemetry/otel/convention.js";
import { type OpenTelemetryOptions, openTelemetry } from "../../../runtime/telemetry/otel/index.js";
import type { TestMessaging, TestMessagingOptions } from "../../../runtime/testing/index.js";
import { logBook } from "../../support/service.js";
import { idOf, linksOf, type TestTelemetry, testTelemetry, traceOf, useContexts } from "../../support/telemetry.js";

useContexts();

const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

function traced<Telemetry extends TestTelemetry>(
  options: TestMessagingOptions = {},
  telemetryOptions: OpenTelemetryOptions = {},
  telemetry = testTelemetry() as Telemetry,
): { readonly messaging: TestMessaging; readonly telemetry: Telemetry } {
  const { tracerProvider, meterProvider } = telemetry;
  const extensions = [openTelemetry({ tracerProvider, meterProvider, ...telemetryOptions })];
  const messaging = createTestMessaging({ service: "billing", logger: logBook(), extensions, ...options });
  return { messaging: messaging as unknown as TestMessaging, telemetry };
}

/** Telemetry that records no span, and keeps what it was told of each. */
function unrecorded(): TestTelemetry & {
  readonly described: { readonly name: string; readonly attributes: unknown }[];
} {
  const telemetry = testTelemetry(new AlwaysOffSampler());
  const described: { readonly name: string; readonly attributes: unknown }[] = [];
  const { tracerProvider } = telemetry;
  const getTracer = tracerProvider.getTracer.bind(tracerProvider);
  tracerProvider.getTracer = (...place) => {
    const tracer = getTracer(...place);
    const startSpan = tracer.startSpan.bind(tracer);
    tracer.startSpan = (name, options, within) => {
      described.push({ name, attributes: options?.attributes });
      return startSpan(name, options, within);
    };
    return tracer;
  };
  return { ...telemetry, described };
}

describe("the spans of an event", () => {
  it("are named and attributed as the conventions say, and the attempt is linked to the publisher's", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    const { id, entryId } = await withCorrelation({ correlationId: "one-request" }, () =>
      publishUserCreated(messaging, user),
    );
    await messaging.settled();

    const [published] = telemetry.spans("publish events");
    const [processed] = telemetry.spans("process events");
    const common = {
      [conventions.ATTR_MESSAGING_SYSTEM_NAME]: conventions.DB_SYSTEM_NAME_VALUE_REDIS,
      [conventions.ATTR_MESSAGING_SYSTEM]: conventions.DB_SYSTEM_NAME_VALUE_REDIS,
      [conventions.ATTR_MESSAGING_DESTINATION_NAME]: "events",
      [conventions.ATTR_MESSAGING_MESSAGE_ID]: id,
      [conventions.ATTR_MESSAGING_MESSAGE_CONVERSATION_ID]: "one-request",
      "merp.message.type": "user.created",
      "merp.entry.id": entryId,
    };
    expect(published).toMatchObject({ name: "publish events", kind: SpanKind.PRODUCER, links: [] });
    expect(published?.attributes).toEqual({
      ...common,
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "publish",
      [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_SEND,
    });
    expect(processed).toMatchObject({ name: "process events", kind: SpanKind.CONSUMER });
    expect(processed?.attributes).toEqual({
      ...common,
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "process",
      [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [conventions.ATTR_MESSAGING_CONSUMER_GROUP_NAME]: "billing-workers",
      [conventions.ATTR_MESSAGING_CLIENT_ID]: expect.stringMatching(/^billing/),
      "merp.attempt": 1,
    });
    expect(linksOf(processed as never)).toEqual([idOf(published)]);
    expect(processed?.parentSpanContext).toBeUndefined();
    expect(traceOf(processed)).not.toBe(traceOf(published));
    expect(processed?.instrumentationScope).toMatchObject({ name: names.SCOPE, schemaUrl: names.SCHEMA_URL });
    expect(published?.ended && processed?.ended).toBe(true);
  });

  it("are one trace where the publisher's is to be the parent", async () => {
    const { messaging, telemetry } = traced({}, { parent: "parent" });
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    const [published] = telemetry.spans("publish events");
    const [processed] = telemetry.spans("process events");
    expect(processed?.parentSpanContext).toMatchObject({ spanId: idOf(published), isRemote: true });
    expect(traceOf(processed)).toBe(traceOf(published));
    expect(processed?.links).toEqual([]);
  });

  it("are those of the whole stream's name where an environment has its own", async () => {
    const { messaging, telemetry } = traced({ environment: "staging" });
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    const called = telemetry.spans().map(({ name }) => name);
    expect(called.toSorted()).toEqual(["process staging:events", "publish staging:events"]);
  });

  it("belong to the span in which it was published, and what a handler publishes to the handler's", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    const tracer = telemetry.tracerProvider.getTracer("test");
    onUserCreated(messaging, async () => {
      await publishUserDeleted(messaging, { entity_id: 1 });
      tracer.startSpan("the handler's own").end();
    });
    await messaging.start();
    const request = tracer.startSpan("request");
    await active.with(trace.setSpan(ROOT_CONTEXT, request), () => publishUserCreated(messaging, user));
    request.end();
    await messaging.settled();
    const [first, second] = telemetry.spans("publish events");
    const [processed] = telemetry.spans("process events");
    expect(first?.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(second?.parentSpanContext?.spanId).toBe(idOf(processed));
    expect(telemetry.spans("the handler's own")[0]?.parentSpanContext?.spanId).toBe(idOf(processed));
  });

  it("continue the trace of a request that only the correlation tells of", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await withCorrelation({ traceparent, tracestate: "vendor=1" }, () => publishUserCreated(messaging, user));
    const [published] = telemetry.spans();
    expect(published?.parentSpanContext).toMatchObject({ spanId: "b7ad6b7169203331", isRemote: true });
    const [message] = messaging.published(userCreated);
    const { traceparent: carried, tracestate } = message?.metadata ?? {};
    expect(carried).toBe(`00-0af7651916cd43dd8448eb211c80319c-${idOf(published)}-01`);
    expect(tracestate).toBe("vendor=1");
  });

  it("wrap the user's interceptors, which run within them", async () => {
    const steps: unknown[] = [];
    const noting: Interceptor = (_call, next) => {
      steps.push(trace.getSpan(active.active())?.spanContext().spanId);
      return next();
    };
    const { messaging, telemetry } = traced({ interceptors: [noting] });
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    expect(steps.toSorted()).toEqual(telemetry.spans().map(idOf).toSorted());
  });
});

describe("a trace for each attempt", () => {
  it("is linked to the publisher, tells the error's class, and holds what becomes of the message", async () => {
    const { messaging, telemetry } = traced({ maxRetries: 1, retryDelaySeconds: 1 });
    await using _ = messaging;
    onUserCreated(messaging, () => {
      throw new TypeError("ada@example.com has no account");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    await messaging.time.advance("1m");

    const [published] = telemetry.spans("publish events");
    const attempts = telemetry.spans("process events");
    expect(attempts.map(({ attributes }) => attributes["merp.attempt"])).toEqual([1, 2]);
    expect(new Set([published, ...attempts].map(traceOf)).size).toBe(3);
    for (const attempt of attempts) {
      expect(linksOf(attempt)).toEqual([idOf(published)]);
      expect(attempt.status).toEqual({ code: SpanStatusCode.ERROR });
      expect(attempt.attributes[conventions.ATTR_ERROR_TYPE]).toBe("TypeError");
      const [{ name, attributes } = {}] = attempt.events;
      expect([name, attributes]).toEqual(["exception", { [conventions.ATTR_EXCEPTION_TYPE]: "TypeError" }]);
    }
    const [retried] = telemetry.spans("retry events");
    const [buried] = telemetry.spans("dead_letter events");
    expect(retried).toMatchObject({ kind: SpanKind.CLIENT, parentSpanContext: attempts[0]?.spanContext() });
    expect(buried).toMatchObject({ kind: SpanKind.CLIENT, parentSpanContext: attempts[1]?.spanContext() });
    const settle = { [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE };
    expect(retried?.attributes).toMatchObject({ ...settle, "merp.retry.delay_seconds": expect.any(Number) });
    expect(buried?.attributes).toMatchObject({ ...settle, "merp.dead_letter.reason": "TypeError" });
  });

  it("tells the error's message and stack where it is asked to", async () => {
    const { messaging, telemetry } = traced({ maxRetries: 0 }, { exceptions: "message" });
    await using _ = messaging;
    onUserCreated(messaging, () => {
      throw new TypeError("no account");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    const [processed] = telemetry.spans("process events");
    expect(processed?.status).toEqual({ code: SpanStatusCode.ERROR, message: "no account" });
    expect(processed?.events[0]?.attributes).toEqual({
      [conventions.ATTR_EXCEPTION_TYPE]: "TypeError",
      [conventions.ATTR_EXCEPTION_MESSAGE]: "no account",
      [conventions.ATTR_EXCEPTION_STACKTRACE]: expect.stringContaining("spans.test"),
    });
  });

  it("ends when the handler's time is up, though the handler never ends", async () => {
    const { messaging, telemetry } = traced({ handlerTimeoutSeconds: 5, maxRetries: 0 });
    await using _ = messaging;
    onUserCreated(messaging, () => new Promise(() => {}));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.time.advance("6s");
    const [processed] = telemetry.spans("process events");
    expect(processed?.attributes[conventions.ATTR_ERROR_TYPE]).toBe("HANDLER_TIMEOUT");
    expect(telemetry.spans("dead_letter events")[0]?.parentSpanContext?.spanId).toBe(idOf(processed));
  });

  it("is made again by another instance after a takeover, and after a redrive, with the publisher's link", async () => {
    await using broker = createTestBroker();
    const telemetry = testTelemetry();
    const { messaging: first } = traced({ broker }, {}, telemetry);
    let fails = true;
    const { messaging: second } = traced({ broker, maxRetries: 0 }, {}, telemetry);
    onUserCreated(first, () => new Promise(() => {}));
    onUserCreated(second, () => {
      if (fails) throw new Error("not yet");
    });
    await first.start();
    await publishUserCreated(first, user);
    await broker.time.advance("1s");
    first.crash();
    await second.start();
    await broker.time.advance("10m");
    fails = false;
    for await (const { id } of second.deadLetters.list("events")) await second.deadLetters.redrive("events", id);
    await broker.settled();
    const [published] = telemetry.spans("publish events");
    const attempts = telemetry.spans("process events");
    expect(attempts.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
    for (const attempt of attempts) expect(linksOf(attempt)).toEqual([idOf(published)]);
  });

  it("is missing where no handler was given the message, but its end is told, with the reason", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    const wrong = { ...exampleOf(), after_data: { email: 7 } };
    const message = { kind: "event", type: "user.created", message: wrong } as never;
    await messaging.replay({ service: "other", messages: [message] });
    await messaging.settled();
    const [buried] = telemetry.spans();
    expect(buried).toMatchObject({ name: "dead_letter events", status: { code: SpanStatusCode.ERROR } });
    expect(buried?.attributes).toMatchObject({ [conventions.ATTR_ERROR_TYPE]: "CONTRACT_VIOLATED" });
  });
});

describe("the spans of a command", () => {
  it("are one until the answer has come, and one of its handler, whose failure is its error and the answer's", async () => {
    const { messaging, telemetry } = traced({ service: "user-auth-service" });
    await using _ = messaging;
    handleValidateToken(messaging, ({ payload }) => {
      if (payload.token === "wrong") throw new RangeError("no such token");
      return { valid: true };
    });
    await messaging.start();
    await sendValidateToken(messaging, { token: "right" });
    await expect(sendValidateToken(messaging, { token: "wrong" })).rejects.toThrow("no such token");
    const [right, wrong] = telemetry.spans("send commands");
    const [, processed] = telemetry.spans("process commands");
    expect(right).toMatchObject({ kind: SpanKind.PRODUCER, status: { code: SpanStatusCode.UNSET } });
    expect(wrong?.attributes[conventions.ATTR_ERROR_TYPE]).toBe("COMMAND_FAILED");
    expect(processed?.attributes[conventions.ATTR_ERROR_TYPE]).toBe("RangeError");
    expect(linksOf(processed as never)).toEqual([idOf(wrong)]);
  });

  it("are the same for one that nobody answers", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    await messaging.tell(reloadConfig, {}, { targetService: "audit-service" });
    expect(telemetry.spans("tell commands")[0]?.attributes).toMatchObject({
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "tell",
      [conventions.ATTR_MESSAGING_MESSAGE_ID]: expect.any(String),
    });
  });
});

describe("the spans of a list", () => {
  it("are one for all of its messages, to which every attempt is linked", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    onUserDeleted(messaging, () => {});
    await messaging.start();
    await messaging.publishAll(userDeleted, [{ entity_id: 1 }, { entity_id: 2 }]);
    await messaging.settled();
    const [published] = telemetry.spans("publish events");
    expect(published?.attributes[conventions.ATTR_MESSAGING_BATCH_MESSAGE_COUNT]).toBe(2);
    expect(telemetry.spans("process events").map(linksOf)).toEqual([[idOf(published)], [idOf(published)]]);
  });

  it("are one for each message as well where that is asked for; a message keeps a context of its own", async () => {
    const { messaging, telemetry } = traced({}, { createSpans: true });
    await using _ = messaging;
    onUserDeleted(messaging, () => {});
    await messaging.start();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const list = [{ entity_id: 1 }, { entity_id: 2 }, { entity_id: 3, metadata: { traceparent } }];
    await messaging.publishAll(userDeleted, list);
    await messaging.settled();
    const created = telemetry.spans("create events");
    const [published] = telemetry.spans("publish events");
    expect(created.map(({ kind, attributes }) => [kind, attributes["messaging.operation.type"]])).toEqual([
      [SpanKind.PRODUCER, conventions.MESSAGING_OPERATION_TYPE_VALUE_CREATE],
      [SpanKind.PRODUCER, conventions.MESSAGING_OPERATION_TYPE_VALUE_CREATE],
    ]);
    expect(published?.kind).toBe(SpanKind.CLIENT);
    expect(linksOf(published as never)).toEqual(created.map(idOf));
    const linked = telemetry.spans("process events").map(linksOf);
    expect(linked).toEqual([...created.map((span) => [idOf(span)]), ["b7ad6b7169203331"]]);
  });

  it("leave what is no message to the contract", async () => {
    const { messaging, telemetry } = traced({}, { createSpans: true });
    await using _ = messaging;
    const list = [null, { entity_id: 1, metadata: 7 }] as never;
    await expect(messaging.publishAll(userDeleted, list)).rejects.toThrow("[0].entity_id is required");
    expect(telemetry.spans("create events")).toEqual([]);
  });
});

describe("the spans of reads and acknowledgements", () => {
  it.each([{ encoding: "fields" }, { encoding: "json" }] as const)(
    "are made where that is asked for, for many messages at once, with links to their publishers ($encoding)",
    async ({ encoding }) => {
      const broker = createTestBroker();
      const { messaging, telemetry } = traced({ broker, encoding }, { clientSpans: true });
      await using _ = messaging;
      onUserCreated(messaging, () => {});
      for (let n = 0; n < 2; n++) await publishUserCreated(messaging, user);
      const untraced = createTestMessaging({ service: "shop", broker, encoding, logger: logBook() });
      await publishUserCreated(untraced, user);
      await messaging.start();
      await messaging.settled();
      const all = {
        [conventions.ATTR_MESSAGING_SYSTEM_NAME]: conventions.DB_SYSTEM_NAME_VALUE_REDIS,
        [conventions.ATTR_MESSAGING_SYSTEM]: conventions.DB_SYSTEM_NAME_VALUE_REDIS,
        [conventions.ATTR_MESSAGING_DESTINATION_NAME]: "events",
        [conventions.ATTR_MESSAGING_CONSUMER_GROUP_NAME]: "billing-workers",
        [conventions.ATTR_MESSAGING_CLIENT_ID]: expect.stringMatching(/^billing/),
        [conventions.ATTR_MESSAGING_BATCH_MESSAGE_COUNT]: 3,
      };
      const [received, ...others] = telemetry.spans("receive events");
      expect(received).toMatchObject({ kind: SpanKind.CLIENT, ended: true });
      expect(received?.attributes).toEqual({
        ...all,
        [conventions.ATTR_MESSAGING_OPERATION_NAME]: "receive",
        [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_RECEIVE,
      });
      expect(linksOf(received as never)).toEqual(telemetry.spans("publish events").map(idOf));
      const [settled, ...more] = telemetry.spans("ack events");
      expect(settled).toMatchObject({ kind: SpanKind.CLIENT, ended: true, links: [] });
      expect(settled?.attributes).toEqual({
        ...all,
        [conventions.ATTR_MESSAGING_OPERATION_NAME]: "ack",
        [conventions.ATTR_MESSAGING_OPERATION_TYPE]: conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE,
      });
      // What brings nothing has none.
      expect([others, more]).toEqual([[], []]);
      expect(messaging.counts).toMatchObject({ received: 1, acknowledged: 1 });
    },
  );

  it("link to nothing of a message whose metadata is malformed", async () => {
    const { messaging, telemetry } = traced({}, { clientSpans: true });
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
    await publishUserCreated(messaging, { ...user, metadata: { traceparent } });
    await messaging.start();
    await messaging.settled();
    expect(telemetry.spans("receive events").map(linksOf)).toEqual([[]]);
  });
});

describe("the context of a trace", () => {
  it("goes on with what is published because of a notification", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    await messaging.listen({ userId: 7 }, () => publishUserDeleted(messaging, { entity_id: 1 }));
    await notifySuccess(messaging, { title: "Done", message: "It is done.", target_user_id: 7 });
    await messaging.settled();
    const [notified] = telemetry.spans("publish notifications");
    const [published] = telemetry.spans("publish events");
    expect(published?.parentSpanContext?.spanId).toBe(idOf(notified));
  });

  it.each([
    ["too long", `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01${"-0".repeat(50_000)}`],
    ["of other characters", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
    ["of nothing but zeros", "00-00000000000000000000000000000000-b7ad6b7169203331-01"],
    ["of a forbidden version", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["of version 00 with more", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00"],
    ["no text", 7],
    ["an object", { toString: "x" }],
  ])("is ignored if a message's is %s", async (_how, traceparent) => {
    const { messaging, telemetry } = traced({}, { parent: "parent" });
    await using _ = messaging;
    onUserDeleted(messaging, () => {});
    await messaging.start();
    const metadata = { traceparent, tracestate: "=,=;".repeat(999), baggage: "%" };
    await publishUserDeleted(messaging, { entity_id: 1, metadata } as never);
    await messaging.settled();
    const [processed] = telemetry.spans("process events");
    expect([processed?.links, processed?.parentSpanContext]).toEqual([[], undefined]);
  });

  it("is not carried where a contract has no place for it, and the message is published all the same", async () => {
    const { properties = {} } = userDeleted.schema;
    const metadata = { type: "object", properties: {}, additionalProperties: false };
    const schema = { ...userDeleted.schema, properties: { ...properties, metadata } };
    const closed = defineEvent<UserDeleted, UserDeletedInput>("user.deleted", schema);
    const { messaging, telemetry } = traced({}, { createSpans: true });
    await using _ = messaging;
    await messaging.publish(closed, { entity_id: 1 });
    await messaging.publishAll(closed, [{ entity_id: 1 }]);
    expect(telemetry.spans().map(({ name, status }) => [name, status.code])).toEqual([
      ["publish events", SpanStatusCode.UNSET],
      ["publish events", SpanStatusCode.UNSET],
    ]);
  });

  it("of a trace that is not recorded is carried too, so that its consumers do not record it either", async () => {
    const { messaging } = traced({}, {}, testTelemetry(new AlwaysOffSampler()));
    await using _ = messaging;
    await publishUserCreated(messaging, user);
    const [message] = messaging.published(userCreated);
    expect(message?.metadata?.["traceparent"]).toMatch(/-00$/);
  });

  it("takes baggage along only where both sides ask for it, and not beyond the next service", async () => {
    const baggage = propagation.createBaggage({ tenant: { value: "a, b" }, ключ: { value: "1" } });
    const seen: unknown[] = [];
    for (const asked of [true, false]) {
      const { messaging } = traced({}, { baggage: asked });
      await using _ = messaging;
      onUserCreated(messaging, () => {
        seen.push(
          propagation
            .getActiveBaggage()
            ?.getAllEntries()
            .map(([name, { value }]) => [name, value]),
        );
      });
      await messaging.start();
      await active.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => publishUserCreated(messaging, user));
      await messaging.settled();
      seen.push(messaging.published(userCreated)[0]?.metadata?.["baggage"]);
    }
    const entries = [
      ["tenant", "a, b"],
      ["ключ", "1"],
    ];
    expect(seen).toEqual([entries, "tenant=a%2C%20b,%D0%BA%D0%BB%D1%8E%D1%87=1", undefined, undefined]);
  });

  it("of a later version is read, though it has more parts", async () => {
    const { messaging, telemetry } = traced();
    await using _ = messaging;
    onUserDeleted(messaging, () => {});
    await messaging.start();
    const metadata = { traceparent: "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00ab" };
    await publishUserDeleted(messaging, { entity_id: 1, metadata });
    await messaging.settled();
    expect(telemetry.spans("process events").map(linksOf)).toEqual([["b7ad6b7169203331"]]);
  });

  it.each([
    { parent: "link", described: 0 },
    { parent: "parent", described: 1 },
  ] as const)("passes a service that only measures, which describes no span in vain ($parent)", async (expected) => {
    const { parent, described } = expected;
    const { meterProvider } = testTelemetry();
    const nobody = new ProxyTracerProvider();
    const options: unknown[] = [];
    const tracer = nobody.getTracer("nobody");
    nobody.getTracer = () => ({
      startSpan(name, given, within) {
        options.push(given);
        return tracer.startSpan(name, given, within);
      },
      startActiveSpan: tracer.startActiveSpan,
    });
    const { messaging } = traced({}, { tracerProvider: nobody, meterProvider, parent });
    await using _ = messaging;
    const seen: unknown[] = [];
    onUserUpdated(messaging, () => void seen.push(trace.getSpanContext(active.active())?.traceId));
    await messaging.start();
    const request = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    await active.with(trace.setSpanContext(ROOT_CONTEXT, request), () =>
      publishUserUpdated(messaging, { ...user, changes: {} }),
    );
    await messaging.settled();
    const [message] = messaging.published(userUpdated);
    expect(message?.metadata?.["traceparent"]).toBe(`00-${request.traceId}-${request.spanId}-01`);
    expect(seen).toEqual([parent === "parent" ? request.traceId : undefined]);
    expect(options.filter((given) => given !== undefined)).toHaveLength(described);
  });

  it("that is not recorded costs no description of each message", async () => {
    const { messaging, telemetry } = traced({}, {}, unrecorded());
    await using _ = messaging;
    onUserCreated(messaging, () => {});
    await messaging.start();
    for (let n = 0; n < 3; n++) await publishUserCreated(messaging, { ...user, entity_id: 1 + n });
    await messaging.settled();
    const described = new Map(telemetry.described.map(({ name, attributes }) => [attributes, name]));
    expect([...described.values()]).toEqual(["publish events", "process events"]);
    expect(telemetry.described).toHaveLength(6);
  });

  it("passes a service without an SDK unchanged", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const messaging = createTestMessaging({ service: "billing", logger: logBook(), extensions: [openTelemetry()] });
    await using _ = messaging;
    onUserUpdated(messaging, () => publishUserDeleted(messaging, { entity_id: 1 }));
    await messaging.start();
    await publishUserUpdated(messaging, { ...user, changes: {}, metadata: { traceparent } });
    await messaging.settled();
    expect(messaging.published(userDeleted)[0]?.metadata?.["traceparent"]).toBe(traceparent);
  });
});

function exampleOf(): object {
  const now = new Date().toISOString();
  const id = crypto.randomUUID();
  return {
    id,
    timestamp: now,
    source_service: "other",
    type: "event",
    event_type: "user.created",
    entity_type: "user",
    entity_id: 1,
  };
}
