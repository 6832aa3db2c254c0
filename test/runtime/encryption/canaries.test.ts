import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Catalogue } from "../../../runtime/contract/descriptor.js";
import { encryption, fileKeys, redisSubjects } from "../../../runtime/encryption/index.js";
import { filedKey } from "../../../runtime/encryption/key-file.js";
import { type Messaging, UnrecoverableError } from "../../../runtime/index.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { openTelemetry } from "../../../runtime/telemetry/otel/index.js";
import { prometheus } from "../../../runtime/telemetry/prometheus/index.js";
import { repository } from "../../codegen/scratch.js";
import { Canaries } from "../../support/canaries.js";
import { eventually } from "../../support/eventually.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { testTelemetry, useContexts } from "../../support/telemetry.js";
import { dashboardAt } from "../dashboard/hostile-stage.js";
import { type Joined, joined, login, moved, told } from "./contract.js";

const { redis, admin } = await useRedis();
useContexts();

const catalogue: Catalogue = { name: "people", encoding: "fields", messages: [joined, moved, login, told] as never };
const BATCHES = 30;
const PERSONS = 5;
const PLANTED = 1000;
const canaries = new Canaries();
const { hear, plant } = { hear: canaries.hear, plant: (place: string) => canaries.plant(place) };
let folder: string;
let keyFile: string;

beforeAll(async () => {
  folder = await mkdtemp(pathOf(tmpdir(), "canaries-"));
  keyFile = pathOf(folder, "keys.json");
  await writeFile(keyFile, JSON.stringify({ keys: [filedKey("2026-a", 0)] }));
  const descriptors = JSON.stringify(
    catalogue.messages.map(({ kind, type, stream, schema }) => ({ kind, type, stream, schema, encrypts: true })),
  );
  await writeFile(pathOf(folder, "catalogue.mjs"), `export const [a, b, c, d] = ${descriptors};\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs an operator's command, and has all that it prints searched. */
async function merp(line: string, url = redis.url): Promise<string> {
  const program = [await bundleOf(pathOf(repository, "runtime/cli/index.ts")), ...line.split(" ")];
  const MERP_CATALOGUE = pathOf(folder, "catalogue.mjs");
  const env = { PATH: process.env["PATH"] ?? "", REDIS_URL: url, MERP_CATALOGUE };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { env, timeout: 60_000 }, (_error, stdout, stderr) => {
      hear(stdout, stderr);
      resolve(`${stdout}${stderr}`);
    });
    child.stdin?.end();
  });
}

const person = (): Joined["after_data"] => ({
  name: plant("a name"),
  tags: [plant("a tag"), plant("another tag")],
  notes: { first: { deep: plant("a note") } },
  contacts: [{ kind: "mail", address: `${plant("an address")}@example.com` }],
  profile: { city: plant("a city"), years: [1] },
});

/** Publishes what breaks its contract, in every way that an encrypted value can. */
async function publishWrong(people: Messaging): Promise<void> {
  const { name, ...others } = person();
  const wrong: readonly object[] = [
    { ...others, name: [name] },
    { ...others, name: { [String(name)]: name } },
    { ...others, age: name },
    { ...others, tags: name },
    { ...others, tags: [1, { name }] },
    { ...others, contacts: [{ kind: "mail", address: name }] },
    { ...others, contacts: [{ kind: "mail", address: [name] }] },
    { ...others, profile: { city: 1, years: [name] } },
    { ...others, notes: { a: 1n, b: name } },
    { ...others, notes: { a: 2 ** 60 + 2, b: name } },
  ];
  for (const after_data of wrong) {
    await canaries.hearFailure(people.publish(joined, { entity_id: 1, after_data } as never));
    await canaries.hearFailure(people.publishAll(joined, [{ entity_id: 1, after_data } as never]));
  }
  await canaries.hearFailure(
    people.send(login, { password: [plant("a password")] } as never, { targetService: "people" }),
  );
}

it("a thousand secrets are in nothing that services, tools and pages say, in no form", {
  timeout: 300_000,
}, async () => {
  const monitor = await admin.monitor();
  monitor.on("monitor", (_time: string, words: readonly string[]) => hear(words.join(" ")));
  const telemetry = testTelemetry();
  const metrics = prometheus();
  let lines = 0;
  const log = (...line: readonly unknown[]): void => {
    lines++;
    hear(...line);
  };
  await using people = createMessagingFor(catalogue, {
    ...{ service: "people", redis: { url: redis.url }, env: {}, startFrom: "all", blockTimeMs: 50, announce: false },
    ...{ hooks: canaries.hooks, logger: { info: log, warn: log, error: log }, maxRetries: 1, retryDelaySeconds: 0.05 },
    extensions: [
      encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin) }),
      openTelemetry(telemetry),
      metrics,
    ],
  }) as Messaging;
  let handled = 0;
  people.on(joined, () => void handled++);
  people.on(moved, ({ entity_id: id }) => {
    if (id % 3 === 0) throw new Error(`the address of ${id} is not served`);
    if (id % 3 === 1) throw new UnrecoverableError("it is not served at all");
  });
  people.handle(login, ({ payload: { password } }, { messageId }) => {
    if (messageId === "invalid") return { token: [password] } as never;
    if (messageId === "failing") throw new Error("no such account");
    return { token: plant("a token") };
  });
  await people.listen({ pattern: "*" }, () => {
    throw new Error("a listener failed");
  });
  await people.start();
  for (let batch = 0; batch < BATCHES; batch++) {
    const events = Array.from({ length: PERSONS }, (_, at) => ({ entity_id: at, after_data: person() }));
    await people.publishAll(joined, events);
    const street = plant("a street");
    await people.publish(moved, { entity_id: batch, after_data: { street, country: "SE" } });
    await people.publish(told, { title: "t", message: plant("a text"), target_user_id: 1 } as never);
    await people.send(login, { password: plant("a password") }, { targetService: "people" });
  }
  for (const id of ["invalid", "failing"]) {
    const password = plant("a password");
    await canaries.hearFailure(people.send(login, { password }, { id, targetService: "people" }));
  }
  await publishWrong(people);
  await eventually(
    () => admin.xlen("{events}:dead"),
    (letters) => letters === (BATCHES * 2) / 3,
    { withinMs: 30_000 },
  );
  await eventually(() => handled === BATCHES * PERSONS, Boolean, { withinMs: 30_000 });
  expect(canaries.said("e1.2026-a.")).toBe(true);
  monitor.removeAllListeners("monitor");
  monitor.disconnect();
  // Another language's sender forgets to encrypt. Its secrets are in Redis; nothing shows them.
  const foreign = JSON.stringify({
    ...{ id: "foreign", type: "event", event_type: "person.joined", entity_type: "person", entity_id: 7 },
    after_data: { ...person(), unknown: plant("an unknown property") },
  });
  const entry = String(await admin.xadd("events", "*", "message_type", "person.joined", "json", foreign));
  await eventually(
    () => admin.xlen("{events}:dead"),
    (letters) => letters === (BATCHES * 2) / 3 + 1,
    { withinMs: 30_000 },
  );

  expect(new Set(telemetry.spans().map(({ name }) => name)).size).toBeGreaterThan(4);
  for (const { name, attributes, events, links, status, resource } of telemetry.spans()) {
    hear({ name, attributes, events, links, status, resource: resource.attributes });
  }
  hear(await telemetry.metrics(), await metrics.text(), await people.health(), people.counts, people);
  expect(lines).toBeGreaterThan(10);

  await using dashboard = dashboardAt(redis, { catalogue });
  const [[letter = ""] = []] = await admin.xrevrange("{events}:dead", "+", "-", "COUNT", 1);
  const pages = ["", "streams", "stream?stream=events", "group?stream=events&group=people-workers", "letters"];
  const ofEntries = ["events", "commands", "notifications"].map((stream) => `messages?stream=${stream}`);
  const ofOne = [`message?stream=events&id=${entry}`, "story?id=foreign", "letters?stream=events"];
  for (const page of [...pages, ...ofEntries, ...ofOne, `letter?stream=events&id=${letter}`, "services", "flow"]) {
    for (const headers of [{}, { "x-merp-part": "main" }]) {
      const reply = await dashboard.fetch(
        new Request(`http://localhost/${page}`, { headers: { host: "localhost", ...headers } }),
      );
      const text = await reply.text();
      expect(text, page).not.toContain("This cannot be shown now");
      hear(text, [...reply.headers]);
    }
  }

  const said = new Map<string, string>();
  const file = pathOf(folder, "wrong.json");
  await writeFile(file, JSON.stringify({ entity_id: 1, after_data: { name: [plant("a name in a file")] } }));
  const commands = [
    ...[
      "tail --since 1h --no-follow",
      "tail --since 1h --no-follow --json",
      "tail --since 1h --no-follow --json --unmasked -s commands",
    ],
    ...["explain foreign", "explain foreign --json", `explain ${entry}`, "explain failing", "explain invalid --json"],
    ...[
      "dead-letters list events",
      "dead-letters list events --json",
      "dead-letters groups events",
      "dead-letters groups events --json",
    ],
    ...[`dead-letters show events ${letter}`, `dead-letters show events ${letter} --json`],
    ...["text", "json", "nagios", "prometheus"].map((format) => `status --format ${format}`),
    ...[
      "doctor",
      `keys status ${keyFile} --no-outbox`,
      `dead-letters discard events ${letter} --yes`,
      "audit",
      "audit --json",
    ],
    `publish person.joined --file ${file} --keys ${keyFile} --yes`,
  ];
  for (let at = 0; at < commands.length; at += 3) {
    const some = commands.slice(at, at + 3);
    await Promise.all(some.map(async (line) => said.set(line, await merp(line))));
  }
  for (const [line, text] of said) expect(text, line).not.toMatch(/unknown (option|command)|Usage:|\n\s+at .*\.m?js:/);
  await merp("explain foreign", "redis://127.0.0.1:1");

  expect(canaries.planted).toBeGreaterThan(PLANTED);
  expect(canaries.escaped()).toEqual([]);
});
