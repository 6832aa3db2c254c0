import { expect, it } from "vitest";
import { readConfig } from "../../../runtime/config/config.js";
import { ConnectionPool } from "../../../runtime/redis/connection-pool.js";
import { type OwnedParts, OwnedSource } from "../../../runtime/redis/owned-source.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { Pause } from "../../../runtime/time/pause.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();

it("a wait is ended over a connection to the same node, and none of another node's clients", async () => {
  await admin.xgroup("CREATE", "events", "billing", "$", "MKSTREAM");
  const config = readConfig({ service: "owner", redis: { url: redis.url } }, "json", {}).redis;
  const pool = new ConnectionPool({ redis: config, service: "owner", clock: systemClock });
  const connection = pool.own("read:events", "events");
  const place = { stream: "events", group: "billing", consumer: "one", floor: "{events}:floor" };
  const bounds = { blockTimeMs: 60_000, isOrdered: true, replyBytes: 1000, maxEntryBytes: 1000 };
  const settle = { isReady: true, client: admin, connection: { node: "elsewhere" } };
  const pause = new Pause(new AbortController().signal, systemClock, () => {});
  const links = { connection, fence: connection, settle: settle as unknown as OwnedParts["settle"] };
  const source = new OwnedSource({ place, ...bounds, ...links, pause, clock: systemClock });
  try {
    const reading = source.read(1, () => {});
    await eventually(async () => /name=owner:read:events .*flags=b/.test(String(await admin.client("LIST"))));
    await source.interrupt();
    expect(await admin.info("commandstats")).not.toContain("client|unblock");
    settle.connection.node = connection.node;
    await source.interrupt();
    await reading;
  } finally {
    pool.close();
  }
});
