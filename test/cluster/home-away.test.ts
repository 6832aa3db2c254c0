import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Messaging, onUserCreated, publishUserCreated } from "../../generated/index.js";
import { partitionNames, partitionOf } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { leaseKey, topologyKey } from "../../runtime/redis/keys.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { createService } from "../support/service.js";

const GROUP = "billing-workers";
/** The first lies at home, with the plan of the group; of the others some lie elsewhere. */
const STREAMS = partitionNames(["events"], 6, { slots: SLOTS, slotOf });
const ENTITIES = 24;
const LEASE_S = 2;

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
});
afterAll(() => cluster.stop());

/** Those whose master is not that of the plan. */
let elsewhere: readonly string[];
beforeEach(async () => {
  await cluster.mend();
  await cluster.flush();
  await using client = disposable(cluster.connect());
  await client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] }));
  const home = await cluster.masterOf("events");
  const masters = await Promise.all(STREAMS.map((stream) => cluster.masterOf(stream)));
  elsewhere = STREAMS.filter((_, at) => masters[at] !== home);
});

function disposable<Client extends { disconnect(): void }>(client: Client): Client & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.disconnect() });
}

/** Kills the master of the plan, whose replica has all, and does not take its place yet. Resolves to what has it do so. */
async function loseHome(): Promise<() => void> {
  const master = await cluster.masterOf("events");
  const replica = await cluster.replicaOf(master);
  await onNode(master, async (client) => {
    await client.incr("{events}:caught-up");
    await client.wait(1, 0);
  });
  replica.pause();
  await master.kill();
  return () => replica.resume();
}

interface Handled {
  readonly entity: number;
  readonly by: string;
  readonly partition: number;
}

/** What was handled, by whom. */
let handled: Handled[];
beforeEach(() => {
  handled = [];
});

/** Whether the events of an entity go to another master than that of the plan. */
function isElsewhere(entity: number): boolean {
  return elsewhere.includes(STREAMS[partitionOf(`user:${entity}`, STREAMS.length)] ?? "");
}

interface Member {
  readonly messaging: Messaging;
  readonly name: string;
}

const PATIENT = { connectionTimeoutSeconds: 1000, socketTimeoutSeconds: 2 };
/** For one whose start waits for the master of the plan. */
const briefly = () => ({ ...cluster.address, connectionTimeoutSeconds: 2, socketTimeoutSeconds: 2 });

let members = 0;
/** A member of the group. Whatever waits for a master would outlast the test. */
function member(meanwhile: (entity: number) => unknown = () => {}, settings = {}): Member & AsyncDisposable {
  const name = `m${++members}`;
  const redis = { ...cluster.address, ...PATIENT };
  const options = { service: "billing", leaseSeconds: LEASE_S, retryDelaySeconds: 0.1, drainTimeoutSeconds: 20 };
  const messaging = createService({}, { ...options, redis, ...settings });
  onUserCreated(messaging, async ({ entity_id: entity }, { partition = -1 }) => {
    await meanwhile(entity);
    handled.push({ entity, by: name, partition });
  });
  return { messaging, name, [Symbol.asyncDispose]: () => messaging.close() };
}

const publisher = (): Messaging =>
  createService({}, { service: "web", redis: { ...cluster.address, connectionTimeoutSeconds: 30 } });

const entities = (from: number): readonly number[] => Array.from({ length: ENTITIES }, (_, at) => from + at);

/** Publishes an event of each entity, from a number on. */
async function publish(web: Messaging, from: number, isMeant: (entity: number) => boolean = () => true): Promise<void> {
  const after_data = { email: "a@b.example" };
  const meant = entities(from).filter(isMeant);
  await Promise.all(meant.map((entity_id) => publishUserCreated(web, { entity_id, after_data })));
}

/** Publishes an event of each entity, and forgets that they were handled. */
async function allHandled(web: Messaging): Promise<void> {
  await publish(web, 1);
  await eventually(() => entitiesOf().length === ENTITIES);
  handled = [];
}

const entitiesOf = (from = 0): number[] =>
  [...new Set(handled.map(({ entity }) => entity))].filter((entity) => entity >= from).sort((a, b) => a - b);

/** Waits until nothing is pending in any partition. */
async function settled(): Promise<void> {
  await using client = disposable(cluster.connect());
  await eventually(async () => {
    const pending = await Promise.all(STREAMS.map((stream) => client.xpending(stream, GROUP)));
    return pending.every(([count]) => count === 0);
  });
}

async function ownersOf(streams: readonly string[]): Promise<readonly string[]> {
  await using client = disposable(cluster.connect());
  return await Promise.all(streams.map(async (stream) => (await client.hget(leaseKey(stream, GROUP), "owner")) ?? ""));
}

/** Waits until so many members share all partitions. */
async function shared(count: number): Promise<readonly string[]> {
  return eventually(
    () => ownersOf(STREAMS),
    (owners) => owners.every(Boolean) && new Set(owners).size === count,
  );
}

it("a service closes within its limit while the master of the plan is away, and what it could not settle comes again", async () => {
  await using web = publisher();
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begun = new Set<number>();
  const handle = (entity: number): Promise<void> => {
    begun.add(entity);
    return opened;
  };
  // For so long it tries to settle what it has handled.
  const first = member(handle, { drainTimeoutSeconds: 2 });
  await first.messaging.start();
  await shared(1);
  await publish(web, 1);
  await eventually(() => begun.size === ENTITIES);
  const bringBack = await loseHome();
  await eventually(() => first.messaging.counts.disconnected > 0);
  const closing = first.messaging.close();
  open();
  await closing;
  expect(entitiesOf()).toHaveLength(ENTITIES);
  const settled = handled.filter(({ partition }) => elsewhere.includes(STREAMS[partition] ?? ""));
  const unsettled = handled.filter((each) => !settled.includes(each)).map(({ entity }) => entity);
  expect(settled).not.toEqual([]);
  expect(unsettled).not.toEqual([]);
  handled = [];
  bringBack();
  await using second = member();
  await second.messaging.start();
  await publish(web, 100);
  await eventually(() => entitiesOf(100).length === ENTITIES && entitiesOf().length === ENTITIES + unsettled.length);
  expect(entitiesOf().filter((entity) => entity < 100)).toEqual(unsettled.sort((a, b) => a - b));
});

it("a service closes at once while the master of the plan hangs, if it has settled everything", async () => {
  await using web = publisher();
  const first = member();
  await first.messaging.start();
  await shared(1);
  await allHandled(web);
  await settled();
  const home = await cluster.masterOf("events");
  const replica = await cluster.replicaOf(home);
  for (const node of [replica, home]) node.pause();
  await first.messaging.close();
  for (const node of [replica, home]) node.resume();
  await using second = member();
  await second.messaging.start();
  await publish(web, 100);
  await eventually(() => entitiesOf(100).length === ENTITIES);
  expect(handled).toHaveLength(ENTITIES);
});

it("a service that starts while the master of the plan is away reads everything when it is back", async () => {
  await using web = publisher();
  // Its topology is known now, and all that is published next goes where it belongs.
  await publish(web, 1);
  const bringBack = await loseHome();
  await using first = member(undefined, { startFrom: "new", redis: briefly() });
  await first.messaging.start();
  await publish(web, 100, isElsewhere);
  expect((await first.messaging.health()).status).toBe("unhealthy");
  bringBack();
  await publish(web, 200);
  const wanted = [...entities(100).filter(isElsewhere), ...entities(200)];
  await eventually(() => wanted.every((entity) => entitiesOf().includes(entity)));
  await eventually(async () => (await first.messaging.health()).status === "healthy");
});

it("while the master of the plan is away, all go on to read what they own, and lose nothing to the silence", async () => {
  await using web = publisher();
  await using first = member();
  await using second = member();
  await Promise.all([first.messaging.start(), second.messaging.start()]);
  const before = await shared(2);
  await allHandled(web);
  const bringBack = await loseHome();
  await publish(web, 100, isElsewhere);
  const meanwhile = entities(100).filter(isElsewhere);
  await eventually(() => handled.length === meanwhile.length);
  // For longer than a member may be silent.
  await sleep(3000 * LEASE_S);
  bringBack();
  await publish(web, 200);
  await eventually(() => entitiesOf(200).length === ENTITIES);
  await sleep(2000 * LEASE_S);
  expect(await ownersOf(STREAMS)).toEqual(before);
  expect(handled).toHaveLength(meanwhile.length + ENTITIES);
});

it("a member that closes while the master of the plan is away leaves its partitions to the others when it is back", async () => {
  await using web = publisher();
  const first = member();
  await using second = member();
  await Promise.all([first.messaging.start(), second.messaging.start()]);
  await shared(2);
  await allHandled(web);
  const bringBack = await loseHome();
  await eventually(() => first.messaging.counts.disconnected > 0);
  await first.messaging.close();
  await publish(web, 100, isElsewhere);
  bringBack();
  await publish(web, 200);
  const wanted = [...entities(100).filter(isElsewhere), ...entities(200)];
  await eventually(() => wanted.every((entity) => entitiesOf().includes(entity)));
  await shared(1);
  expect(handled).toHaveLength(wanted.length);
});

it("a member that joins while the master of the plan is away gets its share when it is back", async () => {
  await using web = publisher();
  await using first = member();
  await first.messaging.start();
  await shared(1);
  await allHandled(web);
  const bringBack = await loseHome();
  await using second = member(undefined, { redis: briefly() });
  await second.messaging.start();
  await publish(web, 100, isElsewhere);
  await eventually(() => handled.length === entities(100).filter(isElsewhere).length);
  bringBack();
  await shared(2);
  await publish(web, 200);
  await eventually(() => entitiesOf(200).length === ENTITIES);
  expect(new Set(handled.filter(({ entity }) => entity >= 200).map(({ by }) => by)).size).toBe(2);
});
