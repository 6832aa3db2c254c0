import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createUser,
  handleCreateUser,
  type MessagingOptions,
  notifySuccess,
  onUserCreated,
  UnrecoverableError,
} from "../../../generated/index.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const service = "user-auth-service";
const group = `${service}-workers`;

let redis: RedisServer;
let admin: Redis;
let ear: Redis;
let heard: string[];
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  ear = new Redis(redis.url);
  ear.on("message", (_, text) => heard.push(text));
  await ear.subscribe("s-responses");
});
beforeEach(async () => {
  heard = [];
  await allow();
});
afterEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  ear.disconnect();
  await redis.stop();
});

/** Gives the service every right, but for what the rules say. */
function allow(...rules: string[]): Promise<unknown> {
  return admin.acl("SETUSER", "limited", "on", ">right", "+@all", "allkeys", "allchannels", ...rules);
}

function limited(options: MessagingOptions = {}): ReturnType<typeof createService> {
  return createService({ url: redis.url.replace("//", "//limited:right@") }, { service, ...options });
}

/** Takes rights away until settling was refused a few times, and gives them back. */
async function without(rule: string, messaging: ReturnType<typeof createService>, act: () => unknown): Promise<void> {
  await allow(rule);
  await act();
  await eventually(() => messaging.counts.trouble >= 12);
  await allow();
}

/** @param payload - replaces a valid one */
async function addCommands(payload?: string): Promise<void> {
  const contract = contractOf(createUser);
  for (let count = 0; count < 10; count++) {
    const filled = { id: crypto.randomUUID(), timestamp: "2026-01-01T00:00:00Z", source_service: "s" };
    const given = { payload: { email: "a@b.cd" }, reply_to: "s-responses", timeout: 1e6 };
    const entry = [...contract.write(contract.compose(given, filled), "fields")];
    if (payload !== undefined) entry[entry.indexOf("payload") + 1] = payload;
    await admin.xadd("commands", "*", ...entry);
  }
}

describe.each(["-xack", "-hdel"])("while the right %s is missing", (rule) => {
  it("ten hopeless events wait, and become ten dead letters", async () => {
    await using messaging = limited();
    onUserCreated(messaging, () => {
      throw new UnrecoverableError("hopeless");
    });
    await messaging.start();
    await without(rule, messaging, () => fillEvents(admin, 10));
    await eventually(
      () => admin.xlen("{events}:dead"),
      (letters) => letters >= 10,
    );
    await eventually(async () => (await admin.xpending("events", group))[0] === 0);
    expect(await admin.xlen("{events}:dead")).toBe(10);
  });

  it("ten commands that ran wait, and are answered once", async () => {
    await using messaging = limited();
    let runs = 0;
    handleCreateUser(messaging, () => ({ user_id: ++runs }));
    await messaging.start();
    await without(rule, messaging, () => addCommands());
    await eventually(() => heard.length >= 10);
    await eventually(async () => (await admin.xpending("commands", group))[0] === 0);
    await ear.ping();
    expect([runs, heard.length, await admin.xlen("{commands}:dead")]).toEqual([10, 10, 0]);
  });

  it("ten commands that cannot be read wait, are answered once and become ten dead letters", async () => {
    await using messaging = limited();
    handleCreateUser(messaging, () => ({ user_id: 1 }));
    await messaging.start();
    await without(rule, messaging, () => addCommands("{broken"));
    await eventually(() => heard.length >= 10);
    await eventually(async () => (await admin.xpending("commands", group))[0] === 0);
    await ear.ping();
    expect([heard.length, await admin.xlen("{commands}:dead")]).toEqual([10, 10]);
  });
});

it("a notification that may not be announced is not stored, as its error says", async () => {
  await using messaging = limited();
  await allow("resetchannels");
  const call = notifySuccess(messaging, { title: "title", message: "text", target_user_id: 1 });
  await expect(call).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
  expect(await admin.xlen("notifications")).toBe(0);
});

it("retries go on while a sweep for lost records is refused", async () => {
  await using messaging = limited({ retryDelaySeconds: 0.02 });
  const handled: number[] = [];
  onUserCreated(messaging, ({ entity_id }, { attempt }) => {
    if (attempt === 1) throw new Error("not yet");
    handled.push(entity_id);
  });
  await allow("-hscan");
  await messaging.start();
  await fillEvents(admin, 3);
  await eventually(() => handled.length === 3);
  expect(messaging.counts.trouble).toBeGreaterThan(0);
});
