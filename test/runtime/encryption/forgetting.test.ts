import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Catalogue } from "../../../runtime/contract/descriptor.js";
import { encryption, fileKeys, isErased, redisSubjects } from "../../../runtime/encryption/index.js";
import type { Messaging, MessagingOptions } from "../../../runtime/index.js";
import { Operations, replay } from "../../../runtime/operations/index.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { Canaries } from "../../support/canaries.js";
import { eventually } from "../../support/eventually.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { runs } from "../../support/runs.js";
import { joined, login, type Moved, moved, told } from "./contract.js";

const { redis, admin } = await useRedis({ persistent: true });
const { numRuns: PEOPLE } = runs(6);
const catalogue: Catalogue = { name: "people", encoding: "fields", messages: [joined, moved, login, told] as never };
const PATIENT = { withinMs: 10_000 + 100 * PEOPLE };
const LONG = 60_000 + 500 * PEOPLE;
const canaries = new Canaries();
let folder: string;
let keyFile: string;

beforeAll(async () => {
  folder = await mkdtemp(pathOf(tmpdir(), "forgetting-"));
  keyFile = pathOf(folder, "keys.json");
  const descriptors = JSON.stringify(
    catalogue.messages.map(({ kind, type, stream, schema }) => ({ kind, type, stream, schema })),
  );
  await writeFile(pathOf(folder, "catalogue.mjs"), `export const [a, b, c, d] = ${descriptors};\n`);
  expect(await merp(`keys new ${keyFile} --id 2026-a`)).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the command with nothing of this machine's settings. */
async function merp(line: string): Promise<Outcome> {
  const program = [await bundleOf(pathOf(repository, "runtime/cli/index.ts")), ...line.split(" ")];
  const env = {
    ...{ PATH: process.env["PATH"] ?? "", NO_COLOR: "1", REDIS_URL: redis.url },
    MERP_CATALOGUE: pathOf(folder, "catalogue.mjs"),
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { env, timeout: 25_000 }, (error, stdout, stderr) => {
      canaries.hear(stdout, stderr);
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

function service(name: string, options: MessagingOptions = {}): Messaging {
  const { hear } = canaries;
  return createMessagingFor(catalogue, {
    ...{
      service: name,
      redis: { url: redis.url },
      env: {},
      announce: false,
      healthIntervalSeconds: 0,
      startFrom: "all",
    },
    ...{
      hooks: canaries.hooks,
      logger: { info: hear, warn: hear, error: hear },
      maxRetries: 1,
      retryDelaySeconds: 0.01,
    },
    extensions: [encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin) })],
    ...options,
  }) as Messaging;
}

/** Every byte that Redis has written to its disk. */
async function filesOfRedis(): Promise<Buffer> {
  // What is compressed would not be found.
  await admin.config("SET", "rdbcompression", "no");
  await admin.save();
  const directories = ((await admin.config("GET", "dir")) as string[]).filter((word) => word !== "dir");
  const files: Buffer[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      const file = pathOf(path, name);
      if (statSync(file).isDirectory()) visit(file);
      else files.push(readFileSync(file));
    }
  };
  directories.forEach(visit);
  return Buffer.concat(files);
}

it("nothing of a person is found once the person is forgotten, whatever failed on the way", {
  timeout: LONG,
}, async () => {
  await using people = service("people");
  const operations = new Operations({ env: {}, redis: { url: redis.url } });
  const streets = new Map<number, unknown[]>();
  let isBroken = true;
  const handle = ({ entity_id: id, after_data }: Moved): void => {
    streets.set(id, [...(streets.get(id) ?? []), after_data.street]);
    if (isBroken && id % 3 === 0) throw new Error(`the address of ${id} is not served`);
  };
  people.on(moved, handle);
  people.on(joined, () => {});
  people.handle(login, ({ payload }) => {
    if (payload.password.length < 5) throw new Error("too short");
    return { token: canaries.plant("a token") };
  });
  const heard: unknown[] = [];
  await people.listen({ pattern: "*" }, (notice) => void heard.push(notice));
  await people.start();
  for (let id = 1; id <= PEOPLE; id++) {
    const street = canaries.plant("a street");
    await people.publish(moved, { entity_id: id, after_data: { street, country: "SE" } });
    await people.publish(joined, {
      entity_id: id,
      after_data: { name: canaries.plant("a name"), tags: [canaries.plant("a tag")] },
    });
    await people.publish(told, { title: "t", message: canaries.plant("a text"), target_user_id: id } as never);
    await people.send(login, { password: canaries.plant("a password") }, { targetService: "people" });
  }
  const failed = Math.floor(PEOPLE / 3);
  await eventually(
    () => admin.xlen("{events}:dead"),
    (letters) => letters === failed,
  );
  await eventually(() => streets.size === PEOPLE && heard.length === PEOPLE, Boolean, PATIENT);

  canaries.hear(await people.health());
  expect(canaries.isIn(await filesOfRedis())).toBe(false);

  for (let id = 2; id <= PEOPLE; id++) await redisSubjects(admin).erase(`person:${id}`, "2026-11-27T12:00:00Z");
  const forgotten = await merp("forget person 1 --yes --who ada --no-outbox");
  expect(forgotten).toMatchObject({ code: 0, stderr: "" });
  expect(forgotten.stdout).toMatch(/^person:1 is forgotten\n[\s\S]*can read any more: events \(stream 1\)\n$/);
  expect(await merp("forget person 1 --yes")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^person:1 was forgotten at 20/),
  });

  // Another process: this one keeps a key for a minute.
  isBroken = false;
  streets.clear();
  await people.close();
  await using later = service("people");
  later.on(moved, handle);
  await replay(later, { stream: "events" });
  await later.start();
  await operations.deadLetters.redriveAll("events");
  await eventually(() => [...streets.values()].flat().length === PEOPLE + failed, Boolean, PATIENT);
  expect([...streets.values()].flat().every(isErased)).toBe(true);
  for await (const letter of operations.deadLetters.list("events")) canaries.hear(letter);
  canaries.hear(await later.health(), await operations.deadLetters.causes("events"));
  await merp("tail --since 1h --no-follow --json --unmasked");
  operations.close();
  expect(canaries.escaped()).toEqual([]);
  expect(canaries.isIn(await filesOfRedis())).toBe(false);
  // What is not encrypted would be found.
  await later.publish(moved, {
    entity_id: 1,
    after_data: { street: "a street", country: canaries.plant("a country") },
  });
  expect(canaries.isIn(await filesOfRedis())).toBe(true);
  expect(canaries.planted).toBeGreaterThan(4 * PEOPLE);
  expect(canaries.length).toBeGreaterThan(1000);
});

it("a key is rotated while services run, and retired once nothing needs it", { timeout: LONG }, async () => {
  await admin.flushall();
  await using people = service("people");
  const names: unknown[] = [];
  people.on(joined, ({ after_data }) => void names.push(after_data.name));
  people.on(moved, () => {});
  await people.start();
  await people.publish(joined, { entity_id: 1, after_data: { name: "under a" } });
  await people.publish(moved, { entity_id: 1, after_data: { street: "a street", country: "SE" } });
  await eventually(() => names.includes("under a"));

  const first = await merp(`keys retire 2026-a ${keyFile} --yes`);
  expect(first).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: services write with 2026-a: merp keys rotate/),
  });
  expect(await merp(`keys rotate ${keyFile} --id 2026-b --in 0s --who ada`)).toMatchObject({ code: 0, stderr: "" });
  await eventually(async () => {
    await people.publish(joined, { entity_id: 1, after_data: { name: "under b" } });
    const [entry] = await admin.xrevrange("events", "+", "-", "COUNT", 1);
    return entry?.[1].join().includes("e1.2026-b.");
  });
  await eventually(() => names.at(-1) === "under b");
  const status = await merp(`keys status ${keyFile}`);
  expect(status).toMatchObject({ code: 0, stderr: "" });
  expect(status.stdout).toMatch(/2026-a +old +\d+ .*events \(stream \d+\)\n2026-b +current/);
  expect(status.stdout).toMatch(/people +people's keys +1 /);

  expect(await merp(`keys retire 2026-a ${keyFile} --yes`)).toMatchObject({
    ...{ code: 2, stderr: expect.stringMatching(/^error: a message in an outbox may need the key: give --database/) },
  });
  const retire = `keys retire 2026-a ${keyFile} --yes --who ada --no-outbox`;
  const refused = await merp(retire);
  expect(refused).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^not retired: \d+ values can be read by 2026-a alone: events/),
  });
  const old = (await admin.xrange("events", "-", "+")).filter(([, fields]) => fields.join().includes("e1.2026-a."));
  await admin.xdel("events", ...old.map(([id]) => id));

  // A partition is looked into as well, also one that is only read until it is empty.
  const [[, fields = []] = []] = old;
  const topology = { version: 1, streams: '["events"]', retired: '["events:1"]', hash: "fnv1a32" };
  await admin.xadd("events:1", "*", ...fields);
  await admin.hset("{events}:topology", topology);
  expect(await merp(retire)).toMatchObject({
    ...{ code: 1, stdout: expect.stringMatching(/^not retired: 1 values .* alone: events:1 \(stream 1\)/) },
  });
  await admin.del("events:1", "{events}:topology");

  expect(await merp(`${retire} --people ${pathOf(folder, "elsewhere")}`)).toMatchObject({
    ...{ code: 2, stderr: expect.stringMatching(/^error: .* no key of anybody: give --people/) },
  });
  expect(readFileSync(keyFile, "utf8")).toContain("2026-a");
  expect(await merp(retire)).toMatchObject({
    code: 0,
    stdout: "retired 2026-a\n",
  });
  expect(readFileSync(keyFile, "utf8")).not.toContain("2026-a");
  expect(statSync(keyFile).mode & 0o077).toBe(0);

  // The person's key was moved to the new one.
  await using later = service("later");
  const streets: unknown[] = [];
  later.on(moved, ({ after_data }) => void streets.push(after_data.street));
  await later.start();
  await eventually(() => streets.includes("a street"));
  const changes = await admin.xrange("merp:audit", "-", "+");
  expect(changes.map(([, fields]) => `${fields[1]} ${fields[3]} ${fields[5]}`)).toEqual([
    "begun keys rotate 2026-b",
    "done keys rotate 2026-b",
    "begun keys retire 2026-a",
    "done keys retire 2026-a",
  ]);
  canaries.escaped();
});
