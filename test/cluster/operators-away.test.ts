import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { catalogue, handleCreateUser, onUserCreated, publishUserCreated } from "../../generated/index.js";
import { createDashboard } from "../../runtime/dashboard/index.js";
import { Operations } from "../../runtime/operations/index.js";
import { Operator } from "../../runtime/operations/operator.js";
import { type Outcome, repository } from "../codegen/scratch.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import { bundleOf } from "../support/program-bundle.js";
import { createService } from "../support/service.js";

/** Of the dashboard's token, with which it also changes something. */
const TOKEN = "0123456789abcdef";

let cluster: RedisCluster;
let letterId: string;
let messageId: string;

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
});
afterAll(() => cluster.stop());

/** Fills the streams: a master that was away is empty. */
beforeEach(async () => {
  await cluster.mend();
  await cluster.flush();
  await using billing = createService({}, { service: "billing", env: env(), maxRetries: 0 });
  onUserCreated(billing, () => {
    throw new Error("the database is away");
  });
  handleCreateUser(billing, () => ({ user_id: 1 }));
  await billing.start();
  messageId = randomUUID();
  await publishUserCreated(billing, { entity_id: 1, after_data: { email: "a@b.example" } }, { id: messageId });
  await using operations = new Operations({ env: env() });
  const causes = await eventually(
    () => operations.deadLetters.causes("events"),
    ({ letters }) => letters === 1,
  );
  letterId = causes.causes[0]?.example ?? "";
  await operations.groups.pause("events", "billing-workers", { type: "user.locked" });
  await operations.partitions.set("events", 4, { force: true });
});

function env(): Readonly<Record<string, string>> {
  return { REDIS_CLUSTER_NODES: cluster.seeds, REDIS_CONNECTION_TIMEOUT: "1", CONSUMER_LEASE: "5" };
}

/** Kills the master of a key, whose replica does not take its place before the test is over. */
async function lose(key: string): Promise<void> {
  const master = await cluster.masterOf(key);
  (await cluster.replicaOf(master)).pause();
  await master.kill();
}

/** Runs the command with nothing of this machine's settings. */
async function merp(...line: readonly string[]): Promise<Outcome> {
  const program = [await bundleOf(join(repository, "runtime/cli/index.ts")), ...line];
  const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
  const own = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", MERP_CATALOGUE, ...env() };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { env: own, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

function browser() {
  const dashboard = createDashboard({ catalogue, env: env(), token: TOKEN, openReading: true, hosts: ["localhost"] });
  const headers = { host: "localhost", authorization: `Bearer ${TOKEN}` };
  return {
    page: async (page: string): Promise<string> =>
      (await dashboard.fetch(new Request(`http://localhost/${page}`, { headers }))).text(),
    act: async (action: Readonly<Record<string, string>>): Promise<unknown> => {
      const body = JSON.stringify({ who: "ada", why: "a trial", ...action });
      const origin = { ...headers, origin: "http://localhost", "content-type": "application/json" };
      return (
        await dashboard.fetch(new Request("http://localhost/do", { method: "POST", headers: origin, body }))
      ).json();
    },
    [Symbol.asyncDispose]: () => dashboard.close(),
  };
}

const unknown = (stream: string): RegExp =>
  new RegExp(
    `Nothing is known of <bdi>${stream}</bdi> at present: <bdi>(Redis at .* cannot be reached|connect ECONNREFUSED)`,
  );

it("every page of the dashboard shows what the other masters have, and names the streams of one that is away", async () => {
  await lose("commands");
  await using dashboard = browser();
  const causes = await dashboard.page("letters");
  expect(causes).toMatch(unknown("commands"));
  expect(causes).toMatch(/the database is away/);
  const flow = await dashboard.page("flow");
  expect(flow).toMatch(unknown("commands"));
  expect(flow).toMatch(/<bdi>user\.created<\/bdi>/);
  const story = await dashboard.page(`story?id=${messageId}`);
  expect(story).toMatch(/Nothing is known of commands at present/);
  expect(story).toMatch(/published user\.created/);
  for (const page of ["messages?stream=commands", "group?stream=commands&group=billing-workers"]) {
    expect(await dashboard.page(page)).toMatch(/Nothing is known of it at present/);
  }
  expect(await dashboard.page("messages")).toMatch(/option value="commands"/);
  expect(await dashboard.page(`letter?stream=events&id=${letterId}`)).toMatch(/the database is away/);
  expect(await dashboard.page(`letters?stream=commands`)).toMatch(/cannot be reached/);
});

it("a page says that the services are not known, rather than that there are none", async () => {
  await lose("health");
  await using dashboard = browser();
  expect(await dashboard.page("services")).toMatch(/is not known at present/);
  expect(await dashboard.page("services")).toMatch(unknown("health"));
  expect(await dashboard.page("")).toMatch(/is not known at present/);
});

it("the dashboard changes streams of the other masters, and says of one that is away that nothing was changed", async () => {
  await lose("commands");
  await using dashboard = browser();
  const group = { group: "billing-workers" };
  expect(await dashboard.act({ action: "pause", stream: "commands", ...group })).toMatchObject({
    error: expect.stringMatching(/cannot be reached/),
  });
  expect(await dashboard.act({ action: "redrive-all", stream: "commands", cause: "x" })).toMatchObject({
    error: expect.stringMatching(/cannot be reached/),
  });
  expect(await dashboard.act({ action: "redrive", stream: "events", id: letterId })).toEqual({
    done: "Redriven by ada",
  });
});

it("the dashboard changes nothing while the master of the record is away, and says so", async () => {
  await lose("merp:audit");
  await using dashboard = browser();
  expect(await dashboard.act({ action: "discard", stream: "health", id: "1-1" })).toMatchObject({
    error: expect.stringMatching(
      /^Redis at .* cannot be reached.*; nothing was changed, because merp:audit cannot record it$/,
    ),
  });
});

it("a tool waits once for a master that is away, and asks it again when it is back", async () => {
  const { routes } = new Operator({ env: env() }, { name: "operator" });
  const ping = (stream: string): Promise<string> => routes.at(stream).ask("a trial", (client) => client.ping());
  try {
    await ping("commands");
    await lose("commands");
    await expect(ping("commands")).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    const again = ping("notifications").catch(() => "at once");
    expect(await Promise.race([again, nextTurn()])).toBe("at once");
    await cluster.mend();
    await eventually(
      () => ping("commands").catch(() => undefined),
      (reply) => reply === "PONG",
    );
  } finally {
    routes.close();
  }
});

const AWAY = /^error: nothing is known of commands at present: Redis at .* cannot be reached/m;
/** Each command is a process, and waits for the master. */
const MANY_COMMANDS_MS = 120_000;

it(
  "merp dead-letters works on what the other masters have, names the streams of one that is away, and ends with 2",
  async () => {
    await lose("commands");
    const groups = await merp("dead-letters", "groups");
    expect(groups).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY) });
    expect(groups.stdout).toMatch(/^1 open dead letter of 1 cause\.$/m);
    const list = await merp("dead-letters", "list", "--state", "any");
    expect(list).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY) });
    expect(list.stdout).toContain(letterId);
    expect(await merp("dead-letters", "show", letterId)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(letterId),
    });
    expect(await merp("dead-letters", "show", "9-9")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /nothing is known of commands(.|\n)*there is no dead letter.*9-9 in events and health/,
      ),
    });
    expect(await merp("dead-letters", "discard", letterId, "--why", "no use", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/commands.* cannot be searched for .* at present: give --stream/),
    });
    const redriven = await merp("dead-letters", "redrive", "--all", "--yes");
    expect(redriven).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(AWAY),
      stdout: "redriven 1 dead letter\n",
    });
    const purged = await merp("dead-letters", "purge", "--settled", "--yes");
    expect(purged).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY), stdout: "removed 1 dead letter\n" });
  },
  MANY_COMMANDS_MS,
);

it(
  "merp tells of groups, messages and partitions what the other masters have, names what is away, and ends with 2",
  async () => {
    await lose("commands");
    const paused = await merp("paused");
    expect(paused).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY) });
    expect(paused.stdout).toMatch(/user\.locked of billing-workers of events is paused/);
    const explained = await merp("explain", messageId);
    expect(explained).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY) });
    expect(explained.stdout).toMatch(/user\.created/);
    const tailed = await merp("tail", "--since", "1h", "--no-follow");
    expect(tailed).toMatchObject({ code: 2, stderr: expect.stringMatching(AWAY) });
    expect(tailed.stdout).toMatch(/user\.created/);
    const partitions = await merp("partitions", "events");
    expect(partitions).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing is known of events:\d+ at present/),
    });
    expect(partitions.stdout).toMatch(/^events +billing-workers/m);
  },
  MANY_COMMANDS_MS,
);
