import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { catalogue, validateToken } from "../../generated/index.js";
import { entryIdIn, LAST_ID, paddedId } from "../../runtime/broker/entry-id.js";
import type { Log } from "../../runtime/broker/log.js";
import type { Subscriber, Subscriptions } from "../../runtime/broker/subscriptions.js";
import { decodeResponse } from "../../runtime/command/answer.js";
import { Requester } from "../../runtime/command/requester.js";
import { readConfig } from "../../runtime/config/config.js";
import { entityOf, type FlatFields, typeOf } from "../../runtime/contract/codec.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { MessagingError } from "../../runtime/errors.js";
import { labelsOf } from "../../runtime/handle/labels.js";
import { letterOf } from "../../runtime/letters/dead-letter-record.js";
import { stateOf } from "../../runtime/letters/dead-letter-state.js";
import { HookBus } from "../../runtime/messaging/hooks.js";
import { NotificationHub } from "../../runtime/notification/hub.js";
import { Roster } from "../../runtime/operations/health/roster.js";
import type { Client } from "../../runtime/redis/connection.js";
import { HandledTypes } from "../../runtime/redis/handled-types.js";
import { openLetters } from "../../runtime/redis/letters.js";
import { instantIn } from "../../runtime/redis/redis-clock.js";
import { lookForSigns } from "../../runtime/redis/signs-of-life.js";
import { systemClock } from "../../runtime/time/clock.js";
import { runs } from "../support/runs.js";
import { DESCRIPTORS, junk, junkFields } from "./junk.js";

const FEW = 300;
const config = readConfig({ service: "test" }, "fields", {});

/** What a reader of ours may throw, to be caught where it is called. */
function refused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof MessagingError || error instanceof RangeError)) throw error;
  }
}

/** Subscriptions that tell their subscribers what a test says. */
function said(): { subscriptions: Subscriptions; say: (payload: string) => void } {
  const subscribers: Subscriber[] = [];
  const subscriptions: Subscriptions = {
    subscribe: async (_, subscriber) => {
      subscribers.push(subscriber);
      return { close: async () => {} };
    },
    caughtUp: async () => {},
  };
  const say = (payload: string): void => {
    for (const subscriber of subscribers) subscriber.receive("notifications:user:1", payload);
  };
  return { subscriptions, say };
}

const brokerClock = { now: () => Date.now(), isBefore: () => false, start: () => {} };

const before = process.memoryUsage().heapUsed;
afterAll(() => {
  globalThis.gc?.();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * 1024 * 1024);
});

describe("whatever stands in Redis or is sent,", () => {
  it("a dead letter is read, and says what of it is none", () => {
    const property = fc.property(junkFields, (fields) => {
      const letter = letterOf(fields.map((text) => Buffer.from(text, "latin1")));
      expect(letter.errors.every(({ message }) => typeof message === "string")).toBe(true);
      expect(letter.original.length % 2).toBe(0);
      expect(Number.isSafeInteger(letter.attempts)).toBe(true);
    });
    void fc.assert(property, runs(FEW));
  });

  it("how a dead letter was settled is a state", () => {
    const states = ["open", "redriven", "discarded"];
    void fc.assert(
      fc.property(junk, (mark) => void expect(states).toContain(stateOf(mark).state)),
      runs(FEW),
    );
  });

  it("an entry id is one that Redis could give, or none", () => {
    const property = fc.property(junk, (text) => {
      const id = entryIdIn(text);
      if (id !== undefined) expect(paddedId(id) <= paddedId(LAST_ID) && /^\d+-\d+$/.test(id)).toBe(true);
    });
    void fc.assert(property, runs(FEW));
  });

  it("an answer settles its own question, or is reported", async () => {
    const { subscriptions, say } = said();
    const hooks = new HookBus();
    const answers = { find: async () => null, failure: () => undefined, check: async () => null, give: async () => {} };
    const parts = { subscriptions, answers, sealing: undefined, clock: systemClock, hooks };
    const requester = new Requester({ channel: "answers", ...parts });
    await requester.listen();
    const place = { descriptor: validateToken, target: "t", stream: "commands", timeoutMs: 600_000, signal: undefined };
    let asked: Promise<unknown> | undefined;
    let told = 0;
    const property = fc.property(junk, (payload) => {
      refused(() => decodeResponse(payload));
      asked ??= requester
        .ask({ id: "question", ...place }, async () => {})
        .catch((error: unknown) => {
          if (!(error instanceof MessagingError)) throw error;
        })
        .finally(() => {
          asked = undefined;
        });
      say(payload);
      told++;
    });
    await fc.assert(property, runs(FEW));
    expect(hooks.counts.trouble + hooks.counts.answerUnclaimed).toBeLessThanOrEqual(told);
    requester.close();
    await asked;
  });

  it("a notification is heard, skipped or reported, once each", async () => {
    const { subscriptions, say } = said();
    const hooks = new HookBus();
    const log = {
      lastId: async () => "0-0",
      readAfter: async () => ({ entries: [], isMore: false }),
    } as unknown as Log;
    const hub = new NotificationHub(config, catalogue as never, {
      subscriptions,
      log,
      brokerClock,
      upcasting: undefined,
      sealing: undefined,
      clock: systemClock,
      hooks,
    });
    let heard = 0;
    await hub.listen({ userId: 1 }, () => void heard++, { catchUp: true });
    await hub.listen({ userId: 1 }, () => void heard++, {});
    let told = 0;
    await fc.assert(
      fc.property(junk, (payload) => {
        say(payload);
        told++;
      }),
      runs(FEW),
    );
    expect(heard + hooks.counts.trouble + hooks.counts.skipped).toBeLessThanOrEqual(2 * told);
    expect(hooks.counts.trouble).toBeGreaterThan(0);
    hub.close();
  });

  it("an entry is read as a message of its type, or refused by an error of ours", () => {
    const contracts = DESCRIPTORS.map((descriptor) => contractOf(descriptor));
    const property = fc.property(junkFields, fc.nat(), (fields, at) => {
      typeOf(fields);
      entityOf(fields);
      labelsOf(fields);
      refused(() => contracts[at % contracts.length]?.read(fields as FlatFields));
    });
    void fc.assert(property, runs(FEW));
  });

  it("what others handle is learnt, or nothing", () => {
    const property = fc.property(fc.array(fc.tuple(junk, junk), { maxLength: 5 }), (records) => {
      const types = new HandledTypes("me", ["user.created", undefined]);
      types.learn([...records.flat(), "version", "v", "me", types.record]);
      types.isHandledElsewhere("user.created");
      types.isSettled(new Map(records));
    });
    void fc.assert(property, runs(FEW));
  });

  it("a health message is that of a service, or refused, and no time in it lies in the future", () => {
    const roster = new Roster((service) => roster.forget(service));
    const property = fc.property(junkFields, junk, (fields, id) => {
      refused(() => {
        const { now } = roster.take({ id: entryIdIn(id) ?? LAST_ID, fields }, 1_800_000_000_000);
        expect(now.reportedMs).toBeLessThanOrEqual(1_800_000_000_000);
      });
    });
    void fc.assert(property, runs(FEW));
    expect(roster.all().length).toBeLessThanOrEqual(10_000);
  });

  it("the index of dead letters tells ages", async () => {
    const property = fc.asyncProperty(fc.array(junk, { maxLength: 6 }), async (members) => {
      const list = [...new Set(members)].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      const client = {
        zlexcount: async () => list.length,
        zrangebylex: async (_key: string, from: string) => list.filter((each) => from === "-" || isAfter(each, from)),
        evalsha: async () => [0, "0-0"],
        defineCommand: () => {},
        merp_extent: async () => [0, "0-0"],
      } as unknown as Client;
      const keys = { dead: "dead", settled: "settled", index: "index" };
      const { oldestMs } = await openLetters(client, keys, "g", 1_800_000_000_000);
      expect(oldestMs).toBeGreaterThanOrEqual(0);
    });
    await fc.assert(property, runs(FEW));
  });

  it("signs of life name no consumer that is no process", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(junk, junk), { maxLength: 5 }),
      fc.array(junk),
      async (beats, info) => {
        const client = {
          merp_beats: async () => [beats.flat(), 0, 0],
          xinfo: async () => [info],
        } as unknown as Client;
        const signs = await lookForSigns(client, { stream: "s", alive: "a" }, { group: "g", consumer: "me" });
        expect(signs.beats.has("parked") || signs.beats.has("handover")).toBe(false);
        instantIn(info);
      },
    );
    await fc.assert(property, runs(FEW));
  });
});

/** As Redis compares a member with the exclusive beginning of a range. */
function isAfter(member: string, from: string): boolean {
  return Buffer.compare(Buffer.from(member), Buffer.from(from.slice(1))) > 0;
}
