import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { healthReport } from "../../../generated/index.js";
import type { Catalogue } from "../../../runtime/contract/descriptor.js";
import { encryption, fileKeys, redisSubjects } from "../../../runtime/encryption/index.js";
import { filedKey } from "../../../runtime/encryption/key-file.js";
import type { Messaging, MessagingOptions } from "../../../runtime/index.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { openTelemetry } from "../../../runtime/telemetry/otel/index.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { Canaries } from "../../support/canaries.js";
import { eventually } from "../../support/eventually.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { testTelemetry, useContexts } from "../../support/telemetry.js";
import { dashboardAt, TOKEN } from "../dashboard/hostile-stage.js";
import { joined, login, moved, told } from "./contract.js";

const { redis, admin } = await useRedis();
useContexts();
const catalogue: Catalogue = {
  name: "people",
  encoding: "fields",
  messages: [joined, moved, login, told, healthReport] as never,
};
const folder = mkdtempSync(join(tmpdir(), "canaries-of-tools-"));
const keyFile = join(folder, "keys.json");
const canaries = new Canaries();
const { hear } = canaries;
const plant = (place: string): string => canaries.plant(place);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A service's module for `merp replay`: it shows what its handlers see by a hash alone. */
const module = (more: string): string => `
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { encryption, fileKeys, folderSubjects } from ${JSON.stringify(join(folder, "encryption.mjs"))};
const people = folderSubjects(${JSON.stringify(join(folder, "people"))});
export const extensions = [encryption({ keys: fileKeys(${JSON.stringify(keyFile)}), people })];
export function register(messaging) {
  messaging.on("person.joined", ({ entity_id: id, after_data: { name } }) => {
    appendFileSync(${JSON.stringify(join(folder, "handled"))}, createHash("sha256").update(name).digest("hex") + "\\n");
    ${more}
  });
}
`;

beforeAll(async () => {
  writeFileSync(keyFile, JSON.stringify({ keys: [filedKey("2026-a", 0)] }));
  const descriptors = catalogue.messages.slice(0, 4).map(({ kind, type, stream, schema }) => {
    return { kind, type, stream, schema, encrypts: true };
  });
  writeFileSync(join(folder, "catalogue.mjs"), `export const [a, b, c, d] = ${JSON.stringify(descriptors)};\n`);
  const source = await bundleOf(join(repository, "runtime/encryption/index.ts"));
  writeFileSync(join(folder, "encryption.mjs"), `export * from ${JSON.stringify(source)};\n`);
});
beforeEach(() => admin.flushall());

async function merp(...words: readonly string[]): Promise<Outcome> {
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const MERP_CATALOGUE = join(folder, "catalogue.mjs");
  const env = {
    PATH: process.env["PATH"] ?? "",
    NO_COLOR: "1",
    REDIS_URL: redis.url,
    MERP_CATALOGUE,
    SERVICE_NAME: "x",
  };
  return new Promise((resolve) => {
    const options = { env, timeout: 60_000, cwd: folder };
    const child = execFile(process.execPath, [program, ...words], options, (error, stdout, stderr) => {
      hear(stdout, stderr);
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

const service = (name: string, options: MessagingOptions = {}): Messaging =>
  createMessagingFor(catalogue, {
    ...{ service: name, redis: { url: redis.url }, env: {}, startFrom: "all", blockTimeMs: 50 },
    ...{ hooks: canaries.hooks, logger: { info: hear, warn: hear, error: hear } },
    ...{ maxRetries: 0, retryDelaySeconds: 0.01, healthIntervalSeconds: 0 },
    extensions: [encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin) })],
    ...options,
  }) as Messaging;

/** All that Redis has, as its values say it. */
async function hearRedis(): Promise<void> {
  for (const key of await admin.keys("*")) {
    const type = await admin.type(key);
    if (type === "stream") hear((await admin.xrange(key, "-", "+")).join());
    else hear(((await admin.dumpBuffer(key)) ?? Buffer.alloc(0)).toString("latin1"));
  }
}

it("changes on the dashboard repeat no secret in their answers, in the record and in what they throw", async () => {
  await using people = service("people");
  people.on(joined, () => {
    throw new Error("not now");
  });
  await people.start();
  for (let id = 1; id <= 4; id++)
    await people.publish(joined, { entity_id: id, after_data: { name: plant("a name"), age: 7 } });
  await eventually(
    () => admin.xlen("{events}:dead"),
    (letters) => letters === 4,
  );
  await using dashboard = dashboardAt(redis, { catalogue, token: TOKEN, onError: hear });
  const post = async (body: object | string): Promise<number> => {
    const reply = await dashboard.fetch(
      new Request("http://localhost/do", {
        ...{ method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) },
        headers: { host: "localhost", "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
      }),
    );
    hear(await reply.text(), [...reply.headers]);
    return reply.status;
  };
  const [[first = ""] = [], [second = ""] = []] = await admin.xrange("{events}:dead", "-", "+");
  const about = { stream: "events", who: "ada", why: "a test" };
  const [[, fields = []] = []] = await admin.xrange("events", "-", "+", "COUNT", 1);
  const sealed = JSON.parse(fields[fields.indexOf("after_data") + 1] ?? "") as { name: string };
  const edited = (after_data: object): string =>
    JSON.stringify({
      id: fields[fields.indexOf("id") + 1],
      type: "event",
      event_type: "person.joined",
      entity_id: 1,
      entity_type: "person",
      after_data,
    });
  const name = plant("a name in the editor");
  const texts = [
    `{"after_data": {"name": "${name}"`,
    edited({ name }),
    edited({ name: [name] }),
    edited({ ...sealed, name: { deep: name } }),
    edited({ ...sealed, age: name }),
    edited({ ...sealed, tags: [name, sealed.name] }),
    edited({ ...sealed, contacts: [{ kind: "mail", address: name }] }),
  ];
  for (const text of texts) expect(await post({ action: "redrive-edited", id: first, text, ...about }), text).toBe(409);
  expect(
    await post({ action: "redrive-edited", id: first, text: edited({ ...sealed, age: sealed.name }), ...about }),
  ).toBe(200);
  expect(await post(`{"action": "redrive-edited", "text": "${name}`)).toBe(400);
  expect(await post({ action: "redrive-edited", text: name, ...about })).toBe(400);
  expect(await post({ action: "redrive-edited", id: "1-1", text: edited({ name }), ...about })).toBe(409);
  expect(await post({ action: "redrive", id: second, ...about })).toBe(200);
  expect(await post({ action: "redrive", id: "9-9", ...about })).toBe(409);
  const cause = "Error: not now";
  for (const action of ["redrive-all", "discard-all"]) await post({ action, cause, ...about });
  await hearRedis();
  expect(canaries.said("begun,action,dashboard redrive-edited")).toBe(true);
  expect(canaries.escaped()).toEqual([]);
});

it("health messages, spans of failing work and stored answers have no secret", async () => {
  const telemetry = testTelemetry();
  await using people = service("people", {
    ...{
      healthIntervalSeconds: 0.2,
      extensions: [encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin) }), openTelemetry(telemetry)],
    },
  });
  people.on(joined, () => {
    throw new Error("not now");
  });
  people.handle(login, () => ({ token: plant("a token") }));
  await people.start();
  await people.publish(joined, { entity_id: 1, after_data: { name: plant("a name") } });
  await people.send(login, { password: plant("a password") }, { targetService: "people" });
  const wrong = { entity_id: 1, after_data: { name: [plant("a wrong name")] } };
  await canaries.hearFailure(people.publish(joined, wrong as never));
  const plain = JSON.stringify({
    id: "p",
    type: "event",
    event_type: "person.joined",
    entity_id: 7,
    after_data: wrong.after_data,
  });
  await admin.xadd("events", "*", "message_type", "person.joined", "json", plain);
  await eventually(() => people.counts.deadLettered === 2, Boolean);
  const before = await admin.xlen("health");
  await eventually(
    () => admin.xlen("health"),
    (length) => length > before + 2,
  );
  await people.close();
  hear((await admin.xrange("health", "-", "+")).join());
  const recorded = telemetry.spans().flatMap(({ events }) => events);
  expect(recorded.map(({ name }) => name)).toContain("exception");
  for (const { name, attributes, events, links, status } of telemetry.spans())
    hear({ name, attributes, events, links, status });
  // What the foreign sender wrote is in its own entry alone, and in the dead letter that keeps it.
  await admin.del("events", "{events}:dead");
  await hearRedis();
  expect(canaries.escaped()).toEqual([]);
});

it("a replay repeats no secret in what it prints, nor in its checkpoint, nor in the record", async () => {
  await using people = service("people");
  for (let id = 1; id <= 3; id++)
    await people.publish(joined, { entity_id: id, after_data: { name: plant("a name") } });
  const path = join(folder, "service.mjs");
  writeFileSync(path, module('if (id === 2) throw new Error("not the second");'));
  const options = ["--stream", "events", "--yes", "--checkpoint", join(folder, "checkpoint.json")];
  const failed = await merp("replay", path, ...options);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining("not the second")]);
  hear(readFileSync(join(folder, "checkpoint.json"), "utf8"));

  const broken = {
    id: "q",
    type: "event",
    event_type: "person.joined",
    entity_id: 7,
    after_data: { name: [plant("a list")] },
  };
  await admin.xadd("events", "*", "message_type", "person.joined", "json", JSON.stringify(broken));
  const going = await merp("replay", path, ...options, "--restart", "--keep-going");
  expect([going.code, going.stderr]).toEqual([1, expect.stringContaining("must be encrypted, and is a plain value")]);
  expect(readFileSync(join(folder, "handled"), "utf8").trim().split("\n")).toHaveLength(5);

  const { stdout } = await merp("tail", "--stream", "events", "--since", "1h", "--no-follow", "--json", "--unmasked");
  // An operator asks to see an entry as it is: it has what its sender wrote in clear.
  canaries.escaped();
  writeFileSync(join(folder, "messages.jsonl"), stdout);
  const ofFile = ["--file", join(folder, "messages.jsonl"), "--yes", "--keep-going", "--checkpoint", join(folder, "c")];
  const { stderr } = await merp("replay", path, ...ofFile);
  expect(stderr).toContain("not the second");
  hear((await admin.xrange("merp:audit", "-", "+")).join());
  for (const name of readdirSync(folder)) {
    if (name !== "messages.jsonl" && name !== "keys.json") hear(readFileSync(join(folder, name), "utf8"));
  }
  expect(canaries.escaped()).toEqual([]);
});
