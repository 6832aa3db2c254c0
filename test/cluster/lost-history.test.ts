import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import {
  type HookEvents,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  type PublishOptions,
  publishUserCreated,
  type RedisOptions,
} from "../../generated/index.js";
import { fieldOf } from "../../runtime/contract/codec.js";
import { startCluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import { startSentinel } from "../support/sentinel.js";
import { createService } from "../support/service.js";

const installations = {
  async "a cluster"() {
    const cluster = await startCluster({ replicas: 1 });
    return [cluster, { cluster: { nodes: cluster.seeds.split(",") } }] as const;
  },
  async "a master that Sentinel watches"() {
    const sentinel = await startSentinel();
    return [sentinel, { sentinel: { sentinels: sentinel.seeds.split(",") } }] as const;
  },
};

const WAIT = { waitTimeoutSeconds: 2, connectionTimeoutSeconds: 30 };

const user = (serial: number): Parameters<typeof publishUserCreated>[1] => ({
  entity_id: serial,
  after_data: { email: `${serial}@example.com` },
});

const idOf = (serial: number): string => `00000000-0000-4000-8000-${String(serial).padStart(12, "0")}`;

function publish(messaging: Messaging, serial: number, options: PublishOptions = {}): Promise<unknown> {
  return publishUserCreated(messaging, user(serial), { id: idOf(serial), once: true, ...options });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe.each(Object.entries(installations))("on %s", (_name, start) => {
  it("A stream has lost its end: what a cut-off replica lacks is told, replicated messages never count as stored, and publishing again restores all", async () => {
    const [redis, address] = await start();
    afterAll(() => redis.stop());
    const losses: HookEvents["historyLost"][] = [];
    const moves: HookEvents["failedOver"][] = [];
    const hooks: MessagingOptions["hooks"] = {
      historyLost: (loss) => void losses.push(loss),
      failedOver: (move) => void moves.push(move),
    };
    const own: RedisOptions = { ...address, ...WAIT };
    await using messaging = createService({}, { redis: own, hooks });
    await using reader = createService({}, { service: "reader", redis: own, startFrom: "all" });
    const handled = new Set<number>();
    onUserCreated(reader, ({ entity_id }) => void handled.add(Number(entity_id)));
    await reader.start();
    await Promise.all(range(1, 50).map((serial) => publish(messaging, serial, { durability: "replicated" })));
    const former = await redis.masterOf("events");
    await redis.cutReplicasOf(former);
    const kept = await eventually(
      async () => (await publishUserCreated(messaging, user(50))).entryId,
      () => true,
    );
    await Promise.all(range(100, 150).map((serial) => publish(messaging, serial)));
    const uncertain = await Promise.allSettled(
      range(200, 210).map((serial) => publish(messaging, serial, { durability: "replicated" })),
    );
    for (const each of uncertain)
      expect(each).toMatchObject({ reason: { code: "PUBLISH_UNCERTAIN", retryable: true } });
    await eventually(
      () => handled.size,
      (size) => size === 110,
    );

    await former.kill();
    const present = await redis.replaced(former, "events");
    await eventually(() => losses.length > 0 && moves.length > 0, Boolean, { withinMs: 30_000 });
    expect(losses).toHaveLength(1);
    const [loss] = losses as [HookEvents["historyLost"]];
    expect([loss.from < kept, loss.to > kept, loss.stream]).toEqual([true, true, "events"]);
    expect(moves).toEqual([{ stream: "events", from: `127.0.0.1:${former.port}`, to: `127.0.0.1:${present.port}` }]);

    await using client = Object.assign(new Redis(present.url), {
      async [Symbol.asyncDispose](this: Redis) {
        this.disconnect();
      },
    });
    const stored = async (): Promise<number[]> => {
      const entries = await client.xrange("events", "-", "+");
      return entries.map(([, fields]) => Number(fieldOf(fields, "entity_id")));
    };
    expect((await stored()).sort((one, other) => one - other)).toEqual(range(1, 50));
    // What the service has published lately, under the same ids.
    for (const _again of [1, 2]) {
      for (const serial of [...range(1, 50), ...range(100, 150), ...range(200, 210)]) await publish(messaging, serial);
    }
    expect(await stored()).toEqual([...range(1, 50), ...range(100, 150), ...range(200, 210)]);
    const ids = (await client.xrange("events", "-", "+")).map(([id]) => id);
    expect((ids[49] as string) > loss.to).toBe(true);
  }, 90_000);
});
