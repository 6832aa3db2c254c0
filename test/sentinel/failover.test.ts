import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { SharedStage, serialsOf } from "../cluster/stage.js";
import { bearsUnderLoad } from "../cluster/under-load.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { onNode } from "../support/cluster-node.js";
import { type SentinelRedis, startSentinel } from "../support/sentinel.js";
import { createService } from "../support/service.js";

const EVENT = { entity_id: 1, after_data: { email: "user@example.com" } };

/** A master without replicas refuses what it would lose. */
const noLoss = { arguments: ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"] };

let redis: SentinelRedis;
/** The same with a network that can be cut. Replicas are behind proxies there, which hold bytes of a master that dies. */
let cuttable: SentinelRedis;
beforeAll(async () => {
  [redis, cuttable] = await Promise.all([startSentinel(noLoss), startSentinel({ ...noLoss, network: true })]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), cuttable.stop()]);
});

describe("under load, nothing is lost, no command is buried, and a publisher's order stands", () => {
  it("when the master is killed", () =>
    bearsUnderLoad(redis, "the master was killed", async () => {
      const victim = await redis.masterOf();
      await victim.kill();
      await redis.replaced(victim);
    }));

  it("when the master hangs", () =>
    bearsUnderLoad(redis, "the master hung", async () => {
      const victim = await redis.masterOf();
      victim.pause();
      await redis.replaced(victim);
      await sleep(1000);
      victim.resume();
    }));

  it("when the sentinels are away for a while, and the connections with them", () =>
    bearsUnderLoad(redis, "sentinels away", async () => {
      const master = await redis.masterOf();
      await Promise.all(redis.sentinels.map((sentinel) => sentinel.kill()));
      await onNode(master, (node) => node.call("CLIENT", "KILL", "TYPE", "normal"));
      await sleep(1000);
      await Promise.all(redis.sentinels.map((sentinel) => sentinel.restart()));
      await redis.hasten();
    }));
});

describe("a master that goes on for a while beside the one that replaces it, because it", () => {
  it.each([
    [
      "is cut off from replicas and sentinels",
      async (master: RedisServer) => {
        cuttable.network?.isolate(cuttable.nodes.indexOf(master));
        return cuttable.replaced(master);
      },
    ],
    // Unlike that of a cluster: the old master is told last.
    ["is replaced on demand", () => cuttable.failOver()],
  ])("%s, is left for that one", async (_, replace) => {
    await using stage = await SharedStage.on(cuttable);
    await stage.join("billing");
    await using publisher = await stage.startPublisher();
    await publisher.stores(100);

    const heir = await replace(await cuttable.masterOf());
    const replacedAt = publisher.sent;
    const onHeir = (): Promise<number[]> => onNode(heir, serialsOf);
    await eventually(async () => (await onHeir()).some((serial) => serial > replacedAt));
    const leftAt = publisher.sent;
    await publisher.stores(200);
    await publisher.stop();

    // What the old master took before it was left is undone. Nothing that was published later is.
    const kept = new Set(await onHeir());
    const later = publisher.stored.filter((serial) => serial > leftAt);
    expect(later.length).toBeGreaterThan(0);
    expect(later.filter((serial) => !kept.has(serial))).toEqual([]);
    await eventually(() => later.every((serial) => stage.handled("billing", serial) > 0));
  });
});

describe("a sentinel that is cut off and names the old master", () => {
  it("is not believed while another knows better, by a service that starts and by one that goes on", async () => {
    await using stage = await SharedStage.on(cuttable);
    const handled: number[] = [];
    const options = { ...SWIFT, redis: { ...SWIFT.redis, ...cuttable.address } };
    await using service = createService({}, options);
    onUserCreated(service, ({ entity_id }) => void handled.push(entity_id));
    await service.start();
    const former = await cuttable.masterOf();

    // The first that is named in the settings.
    cuttable.network?.isolate(cuttable.nodes.length);
    await cuttable.failOver();
    await former.kill();

    await eventually(() => publishUserCreated(stage.publisher, EVENT));
    await using newcomer = createService({}, { ...options, service: "newcomer" });
    await eventually(() => publishUserCreated(newcomer, EVENT));
    await eventually(() => handled.length >= 2);
    expect(await stage.client.xlen("events")).toBeGreaterThanOrEqual(2);
  });
});
