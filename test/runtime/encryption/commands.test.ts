import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encryption, fileKeys, redisSubjects } from "../../../runtime/encryption/index.js";
import type { Messaging } from "../../../runtime/index.js";
import { rewrap } from "../../../runtime/operations/keys/people.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { eventually } from "../../support/eventually.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { moved } from "./contract.js";

const { redis, admin } = await useRedis();
const folder = mkdtempSync(join(tmpdir(), "key-commands-"));
const keyFile = join(folder, "keys.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The address of the test's Redis, as a user. */
const as = (user: string): string => redis.url.replace("redis://", `redis://${user}:secret@`);

async function merp(line: string, env: Readonly<Record<string, string>> = {}, pipe = ""): Promise<Outcome> {
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const MERP_CATALOGUE = join(folder, "catalogue.mjs");
  const variables = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", REDIS_URL: redis.url, MERP_CATALOGUE, ...env };
  const command = `set -o pipefail; exec </dev/null; "${process.execPath}" "${program}" ${line} ${pipe}`;
  return new Promise((resolve) => {
    execFile("/bin/bash", ["--norc", "-c", command], { env: variables, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  const { kind, type, stream, schema } = moved;
  writeFileSync(
    join(folder, "catalogue.mjs"),
    `export const a = ${JSON.stringify({ kind, type, stream, schema, encrypts: true })};\n`,
  );
  await merp(`keys new ${keyFile} --id 2026-a`);
  await using people = createMessagingFor({ name: "people", encoding: "fields", messages: [moved] } as never, {
    ...{ service: "people", redis: { url: redis.url }, env: {}, announce: false },
    extensions: [encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin) })],
  }) as Messaging;
  await people.publish(moved, { entity_id: 1, after_data: { street: "a street", country: "SE" } });
  await admin.acl("SETUSER", "reader", "on", ">secret", "~*", "&*", "+@read", "+@connection", "+info", "+time");
  await admin.acl(
    "SETUSER",
    "scripts",
    "on",
    ">secret",
    "~*",
    "&*",
    "+@read",
    "+@connection",
    "+info",
    "+time",
    "+eval",
  );
  await admin.acl("SETUSER", "nobody", "on", ">secret", "resetkeys", "&*", "+@connection", "+info", "+time");
});

describe("a user of Redis who may only read", () => {
  it("sees which keys are needed", async () => {
    expect(await merp(`keys status ${keyFile} --no-outbox`, { REDIS_URL: as("reader") })).toMatchObject({
      ...{ code: 0, stderr: "", stdout: expect.stringMatching(/people +people's keys +1 .* events \(stream 1\)/) },
    });
  });

  it("is told who was forgotten, and that replicas may not have it, as is one who may run scripts", async () => {
    await redisSubjects(admin).add("person:3", { id: "k3", wrapped: "w3" });
    await redisSubjects(admin).erase("person:3", "2026-11-27T12:00:00Z");
    for (const user of ["reader", "scripts"]) {
      const { code, stdout, stderr } = await merp("forget person 3 --no-outbox", { REDIS_URL: as(user) });
      expect([user, code, stderr]).toEqual([user, 0, ""]);
      expect(stdout).toMatch(
        /^person:3 was forgotten at 2026-11-27T12:00:00Z\nit is not confirmed that every replica has it: this user lacks a right/,
      );
    }
    const { code, stdout } = await merp("forget person 3 --no-outbox");
    expect([code, stdout]).toEqual([0, expect.not.stringContaining("not confirmed")]);
  });

  it.each([
    ["forgets nobody", "forget person 1 --yes --no-outbox"],
    ["adds no key", `keys rotate ${keyFile} --id 2026-b --yes`],
  ])("%s, and is told which right is missing", async (_, line) => {
    const before = readFileSync(keyFile, "utf8");
    const { code, stdout, stderr } = await merp(line, { REDIS_URL: as("reader") });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /^error: .*(NOPERM|can't run this command|no permissions).*Check the rights of this user \(ACL GETUSER\)/,
    );
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(readFileSync(keyFile, "utf8")).toBe(before);
    expect((await redisSubjects(admin).get("person:1")).key).toBeDefined();
  });
});

it("a user of Redis who may read nothing is told so in a sentence", async () => {
  for (const line of [`keys status ${keyFile}`, "keys retire 2025 --no-outbox", "forget person 1 --yes"]) {
    const { code, stderr } = await merp(line, { REDIS_URL: as("nobody") });
    expect([line, code]).toEqual([line, 2]);
    expect(stderr, line).toMatch(/^error: .*Check the rights of this user \(ACL GETUSER\)\n$/);
  }
});

it("nothing is destroyed once more of a person who is forgotten: a service may just have made a new key", async () => {
  const store = join(folder, "store.mjs");
  const get = '() => ({ erased: [{ id: "k1", at: "2026-11-27T12:00:00Z" }] })';
  writeFileSync(store, `export const people = { get: ${get}, erase: () => { throw new Error("erased"); } };\n`);
  const { code, stdout, stderr } = await merp(`forget person 1 --people ${store} --no-outbox`);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^person:1 was forgotten at 2026-11-27T12:00:00Z\nno ciphertext/);
});

it("a reader of the output that has seen enough ends the command without a word", async () => {
  for (const line of [`keys status ${keyFile} --no-outbox`, "forget person 2 --yes --no-outbox"]) {
    const { code, stderr } = await merp(line, {}, "| true");
    expect(stderr, line).toBe("");
    expect([0, 1, 141], line).toContain(code);
  }
});

it("a key is not retired as long as replicas may have people's keys under it, also where an earlier run moved them", async () => {
  const path = join(folder, "retired.json");
  writeFileSync(path, readFileSync(keyFile));
  await merp(`keys rotate ${path} --id 2026-b --in 0s --yes`);
  const replica = await startRedis({ arguments: ["--replicaof", redis.host, String(redis.port)] });
  try {
    await eventually(async () => (await admin.info("replication")).includes("state=online"));
    replica.pause();
    const people = redisSubjects(admin, { replicas: 0 });
    expect(await rewrap(people, fileKeys(path), "2026-a")).toBe(1);
    for (const line of [`keys retire 2026-a ${path} --yes --no-outbox`, "keys retire 2026-a --no-outbox"]) {
      const { code, stdout, stderr } = await merp(line);
      expect([line, code, stdout]).toEqual([line, 2, ""]);
      expect(stderr).toMatch(
        /^error: what was changed in the keys of people is kept on one node only: 0 of 1 replicas/,
      );
    }
    expect(readFileSync(path, "utf8")).toContain("2026-a");
    replica.resume();
    const retired = () => merp(`keys retire 2026-a ${path} --yes --no-outbox`);
    await eventually(retired, ({ code, stdout }) => code === 0 && stdout === "retired 2026-a\n");
    expect(readFileSync(path, "utf8")).not.toContain("2026-a");
  } finally {
    await replica.stop();
  }
});

describe("a file of keys that cannot be used", () => {
  const secret = Buffer.alloc(32, 7).toString("base64");
  const file = (content: object): string => {
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it.each([
    ["is lost", () => join(folder, "none.json"), /cannot be read \(ENOENT\): make it with merp keys new/],
    [
      "has a key that is too short",
      () => file({ keys: [{ id: "a", secret: secret.slice(0, 20), from: "2026-01-01" }] }),
      /key 1: the key a must have 32 bytes, and has 15 bytes: make one with merp keys new/,
    ],
    ["has no key", () => file({ keys: [] }), /must hold .* with a key at least/],
  ])("and %s ends each command with the reason, and without the key", async (_, path, reason) => {
    for (const line of [
      `keys status ${path()}`,
      `keys rotate ${path()} --yes`,
      `keys retire a ${path()} --no-outbox`,
    ]) {
      const { code, stdout, stderr } = await merp(line);
      expect([line, code, stdout]).toEqual([line, 2, ""]);
      expect(stderr, line).toMatch(reason);
      expect(stderr, line).not.toContain(secret.slice(0, 12));
    }
  });

  it("is of another environment, which refuses to publish", async () => {
    const path = file({ environment: "staging", keys: [{ id: "a", secret, from: "2026-01-01" }] });
    const message = join(folder, "message.json");
    writeFileSync(message, JSON.stringify({ entity_id: 1, after_data: { street: "a street", country: "SE" } }));
    const line = `publish person.moved --file ${message} --keys ${path} --yes`;
    const { code, stderr } = await merp(line, { ENVIRONMENT: "production" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/holds keys of the environment staging, and this service runs in production/);
    expect(existsSync(path)).toBe(true);
  });
});
