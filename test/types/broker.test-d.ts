import { expectTypeOf, test } from "vitest";
import { catalogue } from "../../generated/index.js";
import type { Appender } from "../../runtime/broker/append.js";
import type { Answers, Broker, BrokerClock } from "../../runtime/broker/broker.js";
import type { Log } from "../../runtime/broker/log.js";
import type { Members } from "../../runtime/broker/membership.js";
import type { Subscriptions } from "../../runtime/broker/subscriptions.js";
import { readConfig } from "../../runtime/config/config.js";
import { HookBus } from "../../runtime/messaging/hooks.js";
import type { Messaging } from "../../runtime/messaging/messaging.js";
import { Attachments } from "../../runtime/service/attachments.js";
import { ServiceMessaging } from "../../runtime/service/service-messaging.js";
import { systemClock } from "../../runtime/time/clock.js";

const notYet = (): never => {
  throw new Error("not yet");
};

/** A broker without anything behind it: the port asks for no more than this. */
class EmptyBroker implements Broker {
  readonly appender: Appender = { append: notYet, flush: notYet, drained: notYet };
  readonly answers: Answers = { find: notYet, failure: notYet, check: notYet, give: notYet };
  readonly subscriptions: Subscriptions = { subscribe: notYet, caughtUp: notYet };
  readonly isReady = false;
  readonly isWhole = false;
  connect = notYet;
  topology = notYet;
  assertAffordable = notYet;
  ping = notYet;
  transfer = notYet;
  clockOf = (): BrokerClock => ({ now: notYet, isBefore: notYet, start: notYet });
  log = (stream: string): Log => ({
    stream,
    trim: notYet,
    boundDeadLetters: notYet,
    readAfter: notYet,
    lastId: notYet,
  });
  members = (): Members => ({
    heartbeat: { state: "confirmed", reason: null },
    add: notYet,
    share: notYet,
    start: notYet,
    stop: notYet,
  });
  close = notYet;
}

test("another broker takes the place of Redis without a change elsewhere", () => {
  const none = { chain: undefined, upcasting: undefined, sealing: undefined, attachments: new Attachments([]) };
  const parts = { ...none, clock: systemClock, hooks: new HookBus(), replyChannel: undefined, reports: false };
  const config = readConfig({ service: "test" }, "json", {});
  const messaging = new ServiceMessaging(catalogue, config, { ...parts, broker: new EmptyBroker() });
  expectTypeOf(messaging).toExtend<Messaging<object, unknown>>();
});
