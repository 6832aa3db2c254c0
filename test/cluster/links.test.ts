import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  handleCreateUser,
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  subscribeNotifications,
} from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { type Nat, startNat } from "../support/nat.js";
import { createService } from "../support/service.js";
import { SharedStage } from "./stage.js";

const EVENT = { entity_id: 1, after_data: { email: "user@example.com" } };

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

/** A stage whose messagings reach every node through its proxy. */
function behindNat(): Promise<SharedStage> {
  for (const proxy of nat.proxies) proxy.mode = "pass";
  return SharedStage.on(cluster, { cluster: { nodes: [...nat.seeds], natMap: nat.natMap } });
}

const serviceOn = ({ address }: SharedStage, options: MessagingOptions = {}): Messaging =>
  createService({}, { ...SWIFT, ...options, redis: { ...SWIFT.redis, ...address } });

describe("behind NAT", () => {
  it("a publish whose reply was lost is told as uncertain, and stored once", async () => {
    await using stage = await behindNat();
    const proxy = nat.before(await cluster.masterOf("events"));
    await publishUserCreated(stage.publisher, EVENT);

    proxy.mode = "mute";
    const uncertain = { code: "PUBLISH_UNCERTAIN", retryable: false };
    await expect(publishUserCreated(stage.publisher, EVENT)).rejects.toMatchObject(uncertain);
    proxy.mode = "pass";

    await eventually(() => publishUserCreated(stage.publisher, EVENT));
    expect(await stage.client.xlen("events")).toBe(3);
  });

  it("a service goes on by itself after no node could be reached for a while, and those who were asked are answered", async () => {
    await using stage = await behindNat();
    await using service = serviceOn(stage, { service: "user-auth-service" });
    const handled: number[] = [];
    onUserCreated(service, ({ entity_id }) => void handled.push(entity_id));
    handleCreateUser(service, () => ({ user_id: 7 }));
    await service.start();
    await sendCreateUser(service, { email: "a@b.cd" });

    for (const mode of ["refuse", "blackhole"] as const) {
      for (const proxy of nat.proxies) {
        proxy.mode = mode;
        if (mode === "refuse") proxy.reset();
      }
      await sleep(3000);
      for (const proxy of nat.proxies) proxy.mode = "pass";

      handled.length = 0;
      await eventually(() => publishUserCreated(stage.publisher, EVENT));
      await eventually(() => handled.length > 0);
      expect(await eventually(() => sendCreateUser(service, { email: "a@b.cd" }))).toEqual({ user_id: 7 });
    }
  });

  it.each(["killed", "half-open"] as const)(
    "answers and notifications arrive although the node that passes them on is %s",
    async (how) => {
      await using stage = await behindNat();
      const [answering, notifier] = [serviceOn(stage, { service: "user-auth-service" }), serviceOn(stage)];
      let answer: (result: { user_id: number }) => void = () => {};
      const isRunning = new Promise<void>((begun) => {
        handleCreateUser(answering, () => {
          begun();
          return new Promise((resolve) => {
            answer = resolve;
          });
        });
      });
      await answering.start();
      const { listener, node } = await listeningElsewhere(stage);
      const heard: string[] = [];
      await subscribeNotifications(listener, { userId: 1 }, ({ title }) => void heard.push(title), { catchUp: true });
      const notify = (title: string): Promise<unknown> =>
        eventually(() => notifySuccess(notifier, { title, message: "m", target_user_id: 1 }));
      await notify("before");
      await eventually(() => heard.includes("before"));
      const asked = sendCreateUser(listener, { email: "a@b.cd" }, { timeoutSeconds: 60 });
      await isRunning;

      if (how === "killed") await node.kill();
      else nat.before(node).mode = "blackhole";
      await notify("in the gap");
      answer({ user_id: 7 });

      expect(await asked).toEqual({ user_id: 7 });
      await eventually(() => heard.includes("in the gap"));
      await Promise.all([listener, notifier, answering].map((each) => each.close()));
    },
  );
});

/** A messaging that hears from a node which serves neither commands nor notifications, and that node. */
async function listeningElsewhere(stage: SharedStage): Promise<{ listener: Messaging; node: RedisServer }> {
  const [commands, notifications] = await Promise.all(
    ["commands", "notifications"].map((key) => cluster.masterOf(key)),
  );
  for (let number = 1; ; number++) {
    const service = `listener-${number}`;
    const listener = serviceOn(stage, { service });
    await subscribeNotifications(listener, { userId: 2 }, () => {});
    const node = (await eventually(() => subscribedTo(service))) as RedisServer;
    if (node !== commands && node !== notifications) return { listener, node };
    await listener.close();
  }
}

async function subscribedTo(service: string): Promise<RedisServer | undefined> {
  const lists = await Promise.all(
    cluster.nodes.map((node) =>
      onNode(node, async (client) => String(await client.call("CLIENT", "LIST", "TYPE", "pubsub"))),
    ),
  );
  return cluster.nodes[lists.findIndex((list) => list.includes(`name=${service}:`))];
}
