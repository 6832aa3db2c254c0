import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { diffCommand } from "../../../codegen/cli/diff.js";
import { contractsOf, load } from "../../../codegen/index.js";
import { createMessaging, type EventDescriptor, UnrecoverableError } from "../../../runtime/index.js";
import { obtainRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { sound } from "../catalogue.js";
import { type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const order = sound["types/order.json"];
const note = { type: "string" };
const released = {
  ...sound,
  "types/order.json": { ...order, properties: { total: { type: "number", minimum: 0 }, note } },
};
/** An order costs no more than 99 now. */
const edited = {
  ...sound,
  "types/order.json": { ...order, properties: { total: { type: "number", minimum: 0, maximum: 99 }, note } },
};

interface Order {
  readonly entity_id: number;
  readonly after_data: { readonly total: number };
}

it("merp diff --stored tells which messages that wait in a Redis the new readers would refuse", async () => {
  await using server = await obtainRedis();
  await using scratch = await Scratch.create(released);
  await using next = await Scratch.create(edited);
  const [orderPlaced] = (await contractsOf(load(scratch.path("schemas")))) as unknown as [
    EventDescriptor<Order, Order>,
  ];
  const settings = {
    redis: { url: server.url },
    env: {},
    blockTimeMs: 50,
    logger: { info() {}, warn() {}, error() {} },
  };
  await using shop = createMessaging({ ...settings, service: "shop" });
  const ids = new Map<number, string>();
  const place = async (...totals: readonly number[]): Promise<void> => {
    for (const total of totals) {
      const published = await shop.publish(orderPlaced, {
        entity_id: 1,
        after_data: { total },
      });
      ids.set(total, published.entryId);
    }
  };
  const client = new Redis(server.url);
  try {
    await place(100, 50, 200, 201);
    const billing = createMessaging({ ...settings, service: "billing", maxRetries: 1, retryDelaySeconds: 3600 });
    billing.on<Order>(orderPlaced, ({ after_data: { total } }) => {
      if (total === 200) throw new Error("the bank is away");
      if (total === 201) throw new UnrecoverableError("there is no such customer");
    });
    await billing.start();
    await eventually(
      () => client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === 1,
    );
    await billing.close();
    // It was given to a member of another group that has not settled it.
    await client.xgroup("CREATE", "events", "audit-workers", "0");
    await client.xreadgroup("GROUP", "audit-workers", "someone", "COUNT", 1, "STREAMS", "events", ">");
    await place(300, 301);
    await client.xadd("events", "*", "message_type", "parcel.sent", "json", "{}");
    await client.xadd("events", "*", "message_type", "order.placed", "json", "{}");

    const diff = (...parameters: readonly string[]): Promise<Outcome> =>
      runCommand(diffCommand, "--stored", server.url, "--schemas", next.path("schemas"), ...parameters);
    const keys = (await client.keys("*")).sort();
    const { code, stdout, stderr } = await diff("--against", scratch.path("schemas"), "--wire");
    const tooDear = "after_data.total must be <= 99";
    expect(stdout.split("\n").filter((line) => /^\S*events\S* \d/.test(line))).toEqual([
      `events ${ids.get(100)} order.placed (pending in audit-workers): ${tooDear}, got 100`,
      `events ${ids.get(200)} order.placed (waits for its retry in billing-workers, unread by audit-workers): ${tooDear}, got 200`,
      `events ${ids.get(201)} order.placed (unread by audit-workers): ${tooDear}, got 201`,
      `events ${ids.get(300)} order.placed (unread by audit-workers, unread by billing-workers): ${tooDear}, got 300`,
      `events ${ids.get(301)} order.placed (unread by audit-workers, unread by billing-workers): ${tooDear}, got 301`,
      expect.stringMatching(/^\{events\}:dead \S+ order\.placed \(dead letter of billing-workers\): .*, got 201$/),
    ]);
    expect(stdout).toContain(`\n      6  order.placed ${tooDear}\n`);
    expect(stderr).toContain(
      "refuses 6 of 8 stored messages; 1 refused by both versions, 1 message of types that the catalogue does not describe left out\n",
    );
    expect(code).toBe(1);
    expect((await client.keys("*")).sort()).toEqual(keys);

    const alone = await diff("--format", "json");
    expect([alone.code, JSON.parse(alone.stdout)]).toMatchObject([1, { stored: { refused: 7, refusedBefore: 0 } }]);
    expect(Object.keys(JSON.parse(alone.stdout) as object)).toEqual(["stored"]);
    expect((await diff("--format", "github")).stdout).toMatch(/^::error title=refuses stored messages::events .*%0A/);
    const same = await runCommand(
      diffCommand,
      "--stored",
      server.url,
      "--schemas",
      scratch.path("schemas"),
      "--against",
      scratch.path("schemas"),
    );
    expect(same).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^compatible .*\nreadable 8 stored messages; 1 refused/),
    });
  } finally {
    client.disconnect();
  }
});
