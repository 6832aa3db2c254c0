import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { catalogue, publishUserCreated } from "../../generated/index.js";
import { nagiosText } from "../../runtime/cli/status/nagios.js";
import { statusText } from "../../runtime/cli/status/text.js";
import { createDashboard } from "../../runtime/dashboard/index.js";
import {
  diagnose,
  examine,
  type Problem,
  prometheusText,
  readStatus,
  type Status,
} from "../../runtime/operations/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { replicationUser } from "../support/acl-users.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1, network: true });
  await using web = createService({}, { service: "web", env: env() });
  await publishUserCreated(web, { entity_id: 1, after_data: { email: "a@b.example" } });
}, 60_000);

afterEach(async () => {
  await cluster.mend();
  for (const node of cluster.nodes) {
    await onNode(node, (client) => client.config("SET", "cluster-replica-no-failover", "no"));
  }
}, 60_000);
afterAll(() => cluster.stop());

const env = (): Readonly<Record<string, string>> => ({ REDIS_CLUSTER_NODES: cluster.seeds });

/** Looks until the worst that is wrong has this code. */
async function worst(
  code: Problem["code"],
  command = /^/,
): Promise<{ readonly status: Status; readonly problem: Problem }> {
  const { status, problems } = await eventually(
    async () => {
      const status = await readStatus({ env: env() });
      return { status, problems: diagnose(status) };
    },
    ({ problems: [first] }) => first?.code === code && command.test(first.command ?? ""),
    { what: `${code} said first`, withinMs: 20_000 },
  );
  return { status, problem: problems[0] as Problem };
}

/** Where clients reach a node. */
function placeOf(node: RedisServer): string {
  return cluster.seeds.split(",")[cluster.nodes.indexOf(node)] as string;
}

it("A master of a cluster is away", async () => {
  const master = await cluster.masterOf("events");
  const replica = await cluster.replicaOf(master);
  await onNode(replica, (client) => client.config("SET", "cluster-replica-no-failover", "yes"));
  await master.kill();
  const { problem } = await worst("MASTER_AWAY", /^redis-cli/);
  const [, port, words = ""] = /-p (\d+) cluster (.*)$/.exec(problem.command ?? "") ?? [];
  expect(`127.0.0.1:${port}`).toBe(placeOf(replica));
  await onNode(replica, (client) => client.call("CLUSTER", ...words.split(" ")));
  await cluster.replaced(master, "events");
});

it("A replica is away, or has lost its master", async () => {
  const master = await cluster.masterOf("events");
  const replica = await cluster.replicaOf(master);
  await cluster.cutReplicasOf(master);
  const cut = await worst("REPLICA_UNLINKED");
  expect(cut.problem.sentence).toContain(placeOf(replica));
  await onNode(master, (client) => client.call("ACL", "SETUSER", replicationUser, "on"));
  await cluster.ready();
  await replica.kill();
  const away = await worst("REPLICA_AWAY");
  expect(away.problem.sentence).toMatch(/cannot be asked/);
  const findings: string[] = [];
  for await (const { check, text, lines = [] } of examine({ env: env(), service: "ada" })) {
    if (check === "cluster") findings.push(text, ...lines);
  }
  expect(findings.join("\n")).toMatch(/up, 6 nodes, epoch \d+/);
  expect(findings.filter((line) => line.startsWith("master "))).toHaveLength(3);
  expect(findings.join("\n")).toMatch(new RegExp(`${placeOf(replica)}(?: of \\S+)?: `));
});

it("Slots have no master", async () => {
  // The others would hear of it again from the master, as long as that one has it.
  await giveUpSlot((master) => [master, ...cluster.nodes.filter((node) => node !== master)]);
});

it("slots have no master, and only the one that had them knows", async () => {
  await giveUpSlot((master) => [master]);
});

/** @param knowing - who is to know that the slot of `events` is nobody's */
async function giveUpSlot(knowing: (master: RedisServer) => readonly RedisServer[]): Promise<void> {
  const master = await cluster.masterOf("events");
  const slot = await onNode(master, (client) => client.cluster("KEYSLOT", "events"));
  for (const node of knowing(master)) {
    await onNode(node, (client) => client.call("CLUSTER", "DELSLOTS", slot)).catch(() => {});
  }
  const { status, problem } = await worst("SLOTS_UNCOVERED");
  expect(problem.sentence).toBe(`No master serves the slots ${slot}, so nothing can be published to events`);
  expect(problem.command).toMatch(/^redis-cli --cluster fix 127\.0\.0\.1:\d+$/);
  expect(status.unseen).toMatchObject([{ name: "events", master: null }]);
  await onNode(master, (client) => client.call("CLUSTER", "ADDSLOTS", slot));
}

it("A master is out of reach of one machine", async () => {
  const master = await cluster.masterOf("events");
  cluster.network?.hide(cluster.nodes.indexOf(master));
  const { status, problem } = await worst("MASTER_AWAY");
  expect(problem.command).toMatch(/the other nodes do not miss it.*REDIS_NAT_MAP/);
  expect(status.cluster?.state).toBe("ok");
});

it("An old master is isolated", async () => {
  const master = await cluster.masterOf("events");
  cluster.network?.isolate(cluster.nodes.indexOf(master));
  await cluster.replaced(master, "events");
  const { status, problem } = await worst("NODE_ISOLATED");
  expect(problem.sentence).toContain(placeOf(master));
  expect(problem.sentence).toMatch(/still takes itself for the master of \d+ slots/);
  expect(status.unseen).toEqual([]);
  expect(status.streams.find(({ name }) => name === "events")).toMatchObject({ length: 1 });
});

it("a master and its replica are killed: it is said first, nothing of it is shown as 0, and the rest is seen", async () => {
  const master = await cluster.masterOf("events");
  const replica = await cluster.replicaOf(master);
  await Promise.all([master.kill(), replica.kill()]);
  const { status, problem } = await worst("MASTER_AWAY", /^start/);
  expect(problem.severity).toBe("critical");
  expect(problem.sentence).toMatch(/^The master \S+ cannot be asked \(.+\), so nothing is known of .*events/);
  expect(problem.command).toBe(`start ${placeOf(master)} again: no replica of it answers`);
  expect(status.unseen.map(({ name }) => name)).toContain("events");
  expect(status.streams.map(({ name }) => name)).not.toContain("events");
  expect(status.streams.length + status.unseen.length).toBe(4);
  expect(diagnose(status).map(({ code }) => code)).not.toContain("STREAMS_MISSING");
  expect(statusText(status, [problem], 120)).toMatch(/^events +unknown/m);
  expect(nagiosText(status, [problem])).toMatch(/^MERP CRITICAL .* lag=U pending=U/);
  await using dashboard = createDashboard({ catalogue, env: env() });
  const shown = async (page: string): Promise<string> => {
    const headers = { host: "localhost" };
    return (await dashboard.fetch(new Request(`http://localhost/${page}`, { headers }))).text();
  };
  expect(await shown("")).toMatch(/<bdi>events<\/bdi><\/a>.{0,200}unknown/s);
  for (const page of ["streams", "stream?stream=events"]) {
    expect(await shown(page)).toMatch(/<bdi>events<\/bdi><\/h\d>.{0,50}Nothing is known of it at present: <bdi>\S/s);
  }
  const text = prometheusText(status, [problem]);
  expect(text).not.toMatch(/messaging_destination_name="events"/);
  expect(text).toMatch(new RegExp(`merp_status_cluster_node_up{node="${placeOf(master)}",role="master"} 0`));
});

it("a stream whose key holds something else: the command that is said puts that aside", async () => {
  await using messaging = createService({}, { service: "web", env: env() });
  const client = cluster.connect();
  await client.del("events");
  await client.set("events", "not a stream");
  const { problem } = await worst("KEY_WRONG_TYPE");
  const [, port, command = ""] = /^redis-cli -h 127\.0\.0\.1 -p (\d+) -c (.*)$/.exec(problem.command ?? "") ?? [];
  expect(cluster.seeds.split(",")).toContain(`127.0.0.1:${port}`);
  const [name = "", ...keys] = command.replaceAll("'", "").split(" ");
  await client.call(name, ...keys);
  client.disconnect();
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.example" } });
});
