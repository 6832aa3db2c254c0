import { execFile } from "node:child_process";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

/** Runs the command with nothing of this machine's settings. Who is asked cannot answer. */
async function merp(line: string, url = redis.url): Promise<Outcome> {
  const program = [await bundleOf(join(repository, "runtime/cli/index.ts")), ...line.split(" ")];
  const env = {
    PATH: process.env["PATH"] ?? "",
    NO_COLOR: "1",
    REDIS_URL: url,
    CONSUMER_LEASE: "5",
    REDIS_CONNECTION_TIMEOUT: "1",
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { env, timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** What was recorded: each change with its state. */
async function recorded(): Promise<string[]> {
  const entries = await admin.xrange("merp:audit", "-", "+");
  return entries.map(([, fields]) => [1, 3, 5, 7].map((at) => fields[at]).join(" "));
}

it("pauses, lists and resumes what it is told to, and records who did it", async () => {
  await using billing = createService(redis, { service: "billing", leaseSeconds: 5 });
  onUserCreated(billing, () => {});
  await billing.start();
  const who = "--yes --who ada";
  const paused = await merp(`pause events billing-workers --type user.creatd --until 10m --why trial ${who}`);
  expect(paused).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^warning: no member .*did you mean user.created\?/),
  });
  expect(paused.stdout).toMatch(
    /^paused user.creatd of billing-workers of events until 20\S+Z\n {2}1 member heeds it\n$/,
  );
  expect(await merp("paused events")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^user.creatd of billing-workers of events is paused since 20\S+Z until 20\S+Z, by ada: trial\n/,
    ),
  });
  expect(await merp(`resume events billing-workers ${who}`)).toEqual({
    code: 0,
    stdout: "resumed user.creatd of billing-workers of events\n",
    stderr: "",
  });
  expect(await merp(`retry now events billing-workers ${who}`)).toMatchObject({
    code: 0,
    stdout: "nothing of billing-workers waits for a retry there\n",
  });
  const retired = await merp(`group retire events billing-workers --force ${who}`);
  expect(retired).toMatchObject({ code: 1, stderr: expect.stringMatching(/^warning: not retired: billing-\S+ lives/) });
  expect(await recorded()).toEqual([
    "begun pause events billing-workers ada",
    "done pause events billing-workers ada",
    "begun resume events billing-workers ada",
    "done resume events billing-workers ada",
    "begun retry now events billing-workers ada",
    "done retry now events billing-workers ada",
  ]);
});

it("says what would go with a group, and removes it", async () => {
  await admin.xgroup("CREATE", "events", "old-workers", "0", "MKSTREAM");
  await admin.zadd("{events}:groups", 1, "old-workers");
  await admin.xadd("events", "*", "event_type", "user.created");
  const plan = `old-workers of events
  living members     0
  unread             1
  pending            0
  redriven           0
  open dead letters  0
`;
  expect(await merp("group retire events old-workers --yes --force")).toEqual({
    code: 0,
    stdout: `${plan}retired old-workers of events\n`,
    stderr: "",
  });
  expect(await admin.xinfo("GROUPS", "events")).toEqual([]);
});

it("says in a line what is wrong", async () => {
  expect(await merp("pause evnts billing-workers --yes")).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: there is no stream evnts; did you mean events?; check the name, and ENVIRONMENT\n",
  });
  await admin.acl("SETUSER", "viewer", "on", ">right", "~*", "+@read", "+@connection", "+time", "+info");
  const url = redis.url.replace("//", "//viewer:right@");
  expect(await merp("pause events billing-workers --yes", url)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Redis at \S+ refused recording the change in merp:audit: NOPERM .*Check the rights/,
    ),
  });
});

it("makes a dead letter of an entry that a member has in its hands, and refuses it the second time", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  await admin.zadd("{events}:groups", 1, "billing-workers");
  const id = (await admin.xadd("events", "*", "event_type", "user.created")) as string;
  await admin.xreadgroup("GROUP", "billing-workers", "billing-1-0000abcd", "COUNT", 1, "STREAMS", "events", ">");
  const bury = `dead-letters bury events billing-workers ${id}`;
  expect(await merp(bury)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: nothing was done: .*--yes/),
  });
  const told = await merp(`${bury} --yes --who ada --why trial`);
  expect(told).toMatchObject({ code: 0, stderr: "" });
  const [letter] = (await admin.xrange("{events}:dead", "-", "+")).map(([own]) => own);
  expect(told.stdout).toBe(
    `${id} is the dead letter ${letter} of billing-workers now; billing-1-0000abcd had it, it was delivered once\n` +
      `when its handler is mended: merp dead-letters redrive ${letter} --stream events\n`,
  );
  expect(await merp(`${bury} --yes --who ada`)).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^nothing was done: \S+ of events is not pending in billing-workers: .*merp explain/),
  });
  expect(await recorded()).toEqual([
    "begun dead-letters bury events billing-workers ada",
    "done dead-letters bury events billing-workers ada",
    "begun dead-letters bury events billing-workers ada",
    "failed dead-letters bury events billing-workers ada",
  ]);
});

it("gives a stream partitions, lists them, and says what hinders it", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  await admin.xadd("events", "*", "a", "1");
  expect(await merp("partitions events 4 --yes")).toMatchObject({
    code: 1,
    stdout: "events has 1 partition\n",
    stderr: expect.stringMatching(/^warning: nothing was done: billing-workers has not handled 1 unread and 0 pending/),
  });
  expect(await merp("partitions events 4 --yes --force --who ada --why growth")).toMatchObject({
    code: 0,
    stdout: "events has 1 partition\nevents has 4 partitions now: start its services\n",
  });
  expect(await merp("partitions events")).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^partition +group +unread +pending +owner\nevents +billing-workers +1 +0 +none\n/),
    stderr: expect.stringMatching(/^warning: 4 have no owner, of billing-workers: start a service of the group/),
  });
  expect(await merp("partitions events four")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("whole number"),
  });
  expect(await recorded()).toEqual(["begun partitions events ada", "done partitions events ada"]);
});
