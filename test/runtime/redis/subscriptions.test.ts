import { isDeepStrictEqual } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  handleValidateToken,
  type Messaging,
  type NotificationTarget,
  notifySuccess,
  type SuccessNotificationInput,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import type { News } from "./subscriptions-child.js";

const USER = "screens";
const PASSWORD = "right";
/** The screens of the process, and to whom a notification goes that each of them hears. */
const SCREENS: readonly (readonly [name: string, NotificationTarget, Partial<SuccessNotificationInput>])[] = [
  ["one", { userId: 1 }, { target_user_id: 1 }],
  ["two", { userId: 2 }, { target_user_id: 2 }],
  ["companies", { pattern: "company:*" }, { target_company_id: 7 }],
];
const CHANNELS = ["notifications:user:1", "notifications:user:2", "screens-responses"];

let redis: RedisServer;
let admin: Redis;
let others: Messaging;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  others = createService(redis, { service: "user-auth-service" });
  handleValidateToken(others, () => ({ valid: true }));
  await others.start();
});
beforeEach(grant);
afterAll(async () => {
  await others.close();
  admin.disconnect();
  await redis.stop();
});

type Screens = Child<News>;

async function grant(): Promise<void> {
  await admin.acl("SETUSER", USER, "reset", "on", `>${PASSWORD}`, "allkeys", "allchannels", "+@all");
}

/** Starts the process with its screens, one of which closes in the middle of what is done to it. */
async function startScreens(port: number): Promise<Screens> {
  const url = `redis://${USER}:${PASSWORD}@127.0.0.1:${port}`;
  const child = await startChild<News>(new URL("./subscriptions-child.ts", import.meta.url), {
    environment: { CHILD_REDIS: url },
  });
  for (const [screen, target] of [...SCREENS, ["closing", { userId: 9 }] as const]) {
    child.send({ listen: { screen, target } });
    await child.next(({ listening }) => listening === screen);
  }
  child.send({ ask: "before" });
  await child.next(({ answered }) => answered === "before");
  return child;
}

async function closeOne(child: Screens): Promise<void> {
  child.send({ close: "closing" });
  await child.next(({ closed }) => closed === "closing");
}

interface Subscriptions {
  readonly channels: readonly string[];
  /** How many connections hold each of them. */
  readonly counts: readonly number[];
  readonly patterns: number;
}

async function subscriptions(): Promise<Subscriptions> {
  const channels = ((await admin.pubsub("CHANNELS")) as string[]).sort();
  const counts = (await admin.pubsub("NUMSUB", ...channels)) as (string | number)[];
  const patterns = Number(await admin.pubsub("NUMPAT"));
  return { channels, counts: counts.filter((each) => typeof each === "number"), patterns };
}

/** Each of the subscriptions that are left when one has closed exists exactly once, and no other does. */
function isComplete(seen: Subscriptions): boolean {
  return isDeepStrictEqual(seen, { channels: CHANNELS, counts: CHANNELS.map(() => 1), patterns: 1 });
}

/** Each subscription comes back exactly once, the closed one does not, and what is sent then arrives once. */
async function expectToHearAgain(child: Screens): Promise<void> {
  await eventually(subscriptions, isComplete, { withinMs: 20_000 });
  const heard = child.messages.length;
  for (const title of ["first", "last"]) {
    for (const [, , target] of SCREENS) await notifySuccess(others, { title, message: "text", ...target });
    await notifySuccess(others, { title, message: "text", target_user_id: 9 });
  }
  child.send({ ask: "after" });
  await child.next(({ answered }) => answered === "after");
  const news = (): unknown[] => child.messages.slice(heard).flatMap((message) => message.heard ?? []);
  const once = (title: string): object[] => SCREENS.map(([screen]) => ({ screen, title }));
  await eventually(news, (all) => once("last").every((each) => all.some((other) => isDeepStrictEqual(each, other))));
  expect(news()).toHaveLength(2 * SCREENS.length);
  expect(news()).toEqual(expect.arrayContaining([...once("first"), ...once("last")]));
}

describe("subscriptions come back, each exactly once, and nothing ends the process,", () => {
  it("when the link is cut again and again in the middle of subscribing", async () => {
    await using proxy = await startTcpProxy(redis);
    await using child = await startScreens(proxy.port);
    await closeOne(child);
    for (let round = 0; round < 40; round++) {
      const { accepted } = proxy;
      // A handshake takes some 240 bytes of requests and some 5,200 of replies. The subscriptions follow.
      if (round % 2 === 0) proxy.cutAfter(240 + Math.floor(Math.random() * 170), "requests");
      else proxy.cutAfter(5100 + Math.floor(Math.random() * 250), "replies");
      await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      await eventually(async () => proxy.accepted > accepted + 1 || isComplete(await subscriptions()));
    }
    for (const direction of ["requests", "replies"] as const) proxy.cutAfter(Number.POSITIVE_INFINITY, direction);
    await expectToHearAgain(child);
  });

  it("when Redis ends every connection that subscribes, over and over", async () => {
    await using child = await startScreens(redis.port);
    const kill = async (times: number): Promise<void> => {
      for (let killed = 0; killed < times; ) killed += Number(await admin.call("CLIENT", "KILL", "TYPE", "pubsub"));
    };
    await kill(50);
    await closeOne(child);
    await kill(50);
    await expectToHearAgain(child);
  });

  it("when the right to the channels is withdrawn and given back", async () => {
    await using child = await startScreens(redis.port);
    for (let round = 0; round < 3; round++) {
      await admin.acl("SETUSER", USER, "resetchannels");
      await child.next(({ trouble }) => trouble !== undefined && /subscribing to .*NOPERM/.test(trouble));
      if (round === 1) await closeOne(child);
      await admin.acl("SETUSER", USER, "allchannels");
    }
    await expectToHearAgain(child);
  });

  it("when Redis stands still for longer than a reply may take, and when it starts anew", async () => {
    await using child = await startScreens(redis.port);
    for (let round = 0; round < 2; round++) {
      redis.pause();
      await child.next(({ lost }) => lost === "subscribe");
      redis.resume();
      await child.next(({ back }) => back === "subscribe");
    }
    for (let round = 0; round < 3; round++) {
      await redis.kill();
      await child.next(({ lost }) => lost === "subscribe");
      if (round === 1) await closeOne(child);
      await redis.restart();
      await grant();
      await child.next(({ back }) => back === "subscribe");
    }
    await expectToHearAgain(child);
  });
});
