import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createUser, handleCreateUser, onUserCreated, publishUserCreated } from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { startNat } from "../support/nat.js";
import { createService } from "../support/service.js";
import { SharedStage } from "./stage.js";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
});
afterAll(() => cluster.stop());
beforeEach(() => cluster.mend());

/** Kills the master of a key, whose replica does not take its place yet. Resolves to what has it do so. */
async function killMasterOf(key: string): Promise<() => void> {
  const master = await cluster.masterOf(key);
  const replica: RedisServer = await cluster.replicaOf(master);
  replica.pause();
  await master.kill();
  return () => replica.resume();
}

const user = (entity_id: number) => ({ entity_id, after_data: { email: "user@example.com" } });

it("a service that starts reads the streams of other masters at once, and the rest, with nothing missed, when its master is back", async () => {
  await using nat = await startNat(cluster.nodes);
  await using stage = await SharedStage.on(cluster);
  // For so long the start waits for the master that is away: the first event comes sooner on a busy machine, too.
  const patient = { ...SWIFT.redis, connectionTimeoutSeconds: 10 };
  const redis = { ...patient, cluster: { nodes: [...nat.seeds], natMap: nat.natMap } };
  const handled: number[] = [];
  const ran: string[] = [];
  await using billing = createService({}, { ...SWIFT, startFrom: "new", service: "billing", redis });
  onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
  handleCreateUser(billing, ({ payload }) => ({ user_id: ran.push(payload.email) }));
  await using web = createService({}, { service: "web", redis: stage.address });
  const tell = (email: string) => web.tell(createUser, { email }, { targetService: "billing" });
  await tell("before@example.com");
  const link = nat.before(await cluster.masterOf("commands"));
  link.mode = "refuse";
  let isStarted = false;
  const starting = billing.start().then(() => {
    isStarted = true;
  });
  // When a group has begun whose start has not resolved nobody knows.
  let number = 0;
  await eventually(async () => {
    await publishUserCreated(web, user(++number));
    return handled.length > 0;
  });
  expect(isStarted).toBe(false);
  await starting;
  await tell("meanwhile@example.com");
  link.mode = "pass";
  await eventually(() => ran.length > 0);
  expect(ran).toEqual(["meanwhile@example.com"]);
  const { details } = await eventually(
    () => billing.health(),
    ({ status }) => status === "healthy",
  );
  expect(Object.keys(details.streams).sort()).toEqual(["commands", "events"]);
});

it.each(["events", "health", "commands"])("a service closes at once while the master of %s is away", async (stream) => {
  await using stage = await SharedStage.on(cluster);
  // Whatever waits for a master would outlast the test.
  const redis = { ...stage.address, connectionTimeoutSeconds: 1000 };
  const billing = createService({}, { service: "billing", announce: true, healthIntervalSeconds: 0.1, redis });
  onUserCreated(billing, () => {});
  handleCreateUser(billing, () => ({ user_id: 1 }));
  await billing.start();
  await publishUserCreated(billing, user(1));
  const bringBack = await killMasterOf(stream);
  await eventually(() => billing.counts.disconnected > 0);
  await billing.close();
  bringBack();
});
