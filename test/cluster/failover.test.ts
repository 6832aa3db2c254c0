import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { SharedStage } from "./stage.js";
import { bearsUnderLoad } from "./under-load.js";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
});
afterAll(() => cluster.stop());

describe("under load, nothing is lost, no command is buried, and a publisher's order stands", () => {
  it("when the master of its stream is killed", () =>
    bearsUnderLoad(cluster, "its master was killed", async () => {
      const victim = await cluster.masterOf("events");
      await victim.kill();
      await cluster.replaced(victim, "events");
    }));

  it("when the master of its stream hangs", () =>
    bearsUnderLoad(cluster, "its master hung", async () => {
      const victim = await cluster.masterOf("events");
      victim.pause();
      await cluster.replaced(victim, "events");
      await sleep(1000);
      victim.resume();
    }));

  it("when the master of the commands is killed", () =>
    bearsUnderLoad(cluster, "the master of the commands was killed", async () => {
      const victim = await cluster.masterOf("commands");
      await victim.kill();
      await cluster.replaced(victim, "commands");
    }));

  it("when its masters are replaced as planned, with reads that wait", () =>
    bearsUnderLoad(cluster, "a planned failover", async () => {
      await cluster.failOver("events");
      await cluster.failOver("commands");
    }));

  it("when their slots move to other masters, key by key", () =>
    bearsUnderLoad(cluster, "slots that moved", async () => {
      await cluster.moveSlotOf("events", 20);
      await cluster.moveSlotOf("commands", 20);
    }));
});

describe("a read that waits", () => {
  it("goes on at the next master after a planned failover, and after its slot has moved", async () => {
    await using stage = await SharedStage.on(cluster);
    await stage.join("billing", { settings: { blockTimeMs: 60_000 } });
    await stage.publish(1);
    await stage.handledAll(["billing"]);

    await cluster.failOver("events");
    await stage.publish(1);
    await stage.handledAll(["billing"]);

    await cluster.moveSlotOf("events");
    await stage.publish(1);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing")).toMatchObject({ handled: 3, duplicates: [] });
  });
});
