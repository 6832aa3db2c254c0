import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { handleCreateUser, onUserCreated, publishUserCreated, sendCreateUser } from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { type Nat, startNat } from "../support/nat.js";
import { createService } from "../support/service.js";
import { SharedStage } from "./stage.js";

let cluster: RedisCluster;
let nat: Nat;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
  nat = await startNat(cluster.nodes);
});
afterAll(async () => {
  await cluster.stop();
  await nat[Symbol.asyncDispose]();
});
beforeEach(() => cluster.mend());

/** Takes a master away, and the node that would take its place. Resolves to what brings that one back. */
async function withoutHeir(master: RedisServer, take: () => unknown): Promise<() => void> {
  const replica = await cluster.replicaOf(master);
  replica.pause();
  await take();
  return () => replica.resume();
}

/** What may happen to a master. Resolves to what ends it. */
const away: Readonly<Record<string, (master: RedisServer) => Promise<() => void>>> = {
  "was killed": (master) => withoutHeir(master, () => master.kill()),
  hangs: (master) => withoutHeir(master, () => master.pause()),
  "cannot be reached": async (master) => {
    const proxy = nat.before(master);
    proxy.mode = "blackhole";
    return () => {
      proxy.mode = "pass";
    };
  },
};

const user = (entity_id: number) => ({ entity_id, after_data: { email: "user@example.com" } });

describe("one master's death stops no stream of another: not reading, settling, beating, trimming, publishing", () => {
  it.each(Object.keys(away))(
    "while the master of the commands %s, events are published, handled, retried and trimmed, and their consumers stay alive",
    async (how) => {
      await using stage = await SharedStage.on(cluster, { cluster: { nodes: [...nat.seeds], natMap: nat.natMap } });
      const redis = { ...SWIFT.redis, ...stage.address };
      const handled: number[] = [];
      const settings = { ...SWIFT, streamMaxLength: 5, trimIntervalSeconds: 0.1, redis };
      await using billing = createService({}, { ...settings, service: "billing" });
      onUserCreated(billing, ({ entity_id }, { attempt }) => {
        if (attempt === 1) throw new Error("not yet");
        handled.push(entity_id);
      });
      handleCreateUser(billing, () => ({ user_id: 1 }));
      await billing.start();
      const ask = (): Promise<unknown> =>
        sendCreateUser(billing, { email: "a@b.cd" }, { targetService: "billing", timeoutSeconds: 60 });
      await Promise.all([publishUserCreated(billing, user(1)), ask()]);
      await eventually(() => handled.includes(1));

      const bringBack = await away[how]?.(await cluster.masterOf("commands"));
      // Until those who talk to it have noticed.
      await eventually(() => billing.counts.disconnected > 0);
      for (let number = 100; number < 150; number++) await publishUserCreated(billing, user(number));

      await eventually(() => handled.filter((number) => number >= 100).length === 50);
      await eventually(async () => (await stage.client.xlen("events")) <= 5);
      const beats = (): Promise<unknown> =>
        stage.client.zrange("{events}:alive:billing-workers", "0", "-1", "WITHSCORES");
      for (let times = 0; times < 3; times++) {
        const before = JSON.stringify(await beats());
        await eventually(async () => JSON.stringify(await beats()) !== before);
      }
      expect(await cluster.masterOf("events")).toBeDefined();

      bringBack?.();
      await eventually(ask);
    },
  );
});
