import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { changeKeyFile } from "../../../runtime/cli/keys/change-key-file.js";
import { readCiphertext } from "../../../runtime/encryption/ciphertext.js";
import { fileKeys, redisSubjects } from "../../../runtime/encryption/index.js";
import { filedKey, type KeyFile, readKeyFile } from "../../../runtime/encryption/key-file.js";
import { Subjects } from "../../../runtime/encryption/subjects.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { moved } from "./contract.js";

const { redis, admin } = await useRedis();
const folder = mkdtempSync(join(tmpdir(), "retiring-"));
const keys = join(folder, "keys");
const keyFile = join(keys, "keys.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Kills the process just before its n-th step that something outside of it notices; tells how many there were. */
const steps = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
let step = 0;
const count = (object, name) => {
  const call = object[name];
  object[name] = function (...words) {
    if (++step === Number(process.env.KILL_AT)) process.kill(process.pid, "SIGKILL");
    return call.apply(this, words);
  };
};
for (const name of ["openSync", "writeSync", "ftruncateSync", "fsyncSync", "renameSync", "rmSync", "closeSync"]) count(fs, name);
count(net.Socket.prototype, "write");
syncBuiltinESMExports();
process.on("exit", () => fs.writeFileSync(process.env.STEPS, String(step)));
`;

async function merp(line: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const MERP_CATALOGUE = join(folder, "catalogue.mjs");
  const variables = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", REDIS_URL: redis.url, MERP_CATALOGUE, ...env };
  const preload = env["STEPS"] === undefined ? [] : ["--import", join(folder, "steps.mjs")];
  return new Promise((resolve) => {
    const words = [...preload, program, ...line.split(" ")];
    const child = execFile(process.execPath, words, { env: variables, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

const people = redisSubjects(admin);
const names = ["person:1", "person:2"];
const retire = `keys retire old ${keyFile} --yes --no-outbox`;
const idsIn = (): readonly string[] => readKeyFile(keyFile).keys.map(({ id }) => id);
const write = (...ids: readonly string[]): void =>
  writeFileSync(keyFile, JSON.stringify({ keys: ids.map((id, at) => filedKey(id, at)) } satisfies KeyFile));

/** @throws {EncryptionError} the key of somebody cannot be read by the keys of the file */
async function readPeople(): Promise<void> {
  for (const name of names) await new Subjects(fileKeys(keyFile), people, systemClock).current(name);
}

beforeEach(async () => {
  const { kind, type, stream, schema } = moved;
  writeFileSync(join(folder, "steps.mjs"), steps);
  writeFileSync(
    join(folder, "catalogue.mjs"),
    `export const a = ${JSON.stringify({ kind, type, stream, schema, encrypts: true })};\n`,
  );
  await begin();
});

/** A key that is old, and under which two people's keys are encrypted. */
async function begin(): Promise<void> {
  rmSync(keys, { recursive: true, force: true });
  await admin.flushall();
  mkdirSync(keys);
  await changeKeyFile(keyFile, async () => ({ keys: [filedKey("old", 0)] }));
  await readPeople();
  const { keys: filed } = readKeyFile(keyFile);
  writeFileSync(keyFile, JSON.stringify({ keys: [...filed, filedKey("new", 1)] }));
}

it("a key is never gone while a person needs it, wherever the command that retires it is killed", {
  timeout: 300_000,
}, async () => {
  const STEPS = join(folder, "steps");
  expect(await merp(retire, { STEPS })).toMatchObject({ code: 0, stdout: "retired old\n" });
  expect(Number(readFileSync(STEPS, "utf8"))).toBeGreaterThan(20);
  const told = new Set<string>();
  for (let step = 1; ; step++) {
    await begin();
    // What is sent together is not the same in every run, so the number of steps is not either.
    if ((await merp(retire, { STEPS, KILL_AT: String(step) })).code === 0) break;
    await readPeople();
    // Nothing but the lock is left, and beside it a draft, which has the keys at most that the file has.
    const left = readdirSync(keys).filter((name) => name !== "keys.json");
    const drafts = left.filter((name) => /^keys\.json\.[0-9a-f]{16}\.draft$/.test(name));
    expect(drafts.length, `step ${step}`).toBeLessThan(2);
    expect([[], [...drafts, "keys.json.lock"]], `step ${step}`).toContainEqual(left);

    let again = await merp(retire);
    // Killed between the renaming and the release, it leaves the lock, though the key is gone.
    if (left.length > 0 && !idsIn().includes("old")) rmSync(`${keyFile}.lock`);
    else if (left.length > 0) {
      expect(again).toMatchObject({ code: 2, stdout: "" });
      expect(again.stderr).toMatch(
        /^error: nothing was done: another command changes .*keys\.json( \(process \d+ on \S+ since \S+\))?\. Repeat this when it has ended; if it was killed, remove \S+keys\.json\.lock first\n$/,
      );
      rmSync(`${keyFile}.lock`);
      again = await merp(retire);
    }
    told.add(`${left.length} ${again.code} ${again.stdout}${again.stderr.replace(/^.*keys\.json/, "it")}`);
    if (again.code === 0) expect(readdirSync(keys), `step ${step}`).toEqual(["keys.json"]);
    expect(idsIn(), `step ${step}`).toEqual(["new"]);
    await readPeople();
  }
  const gone = "2 it has no key old; it has new\n";
  expect([...told].sort()).toEqual([
    ...["0 0 retired old\n", `0 ${gone}`],
    ...["1 0 retired old\n", `1 ${gone}`, "2 0 retired old\n"],
  ]);
});

describe("while another command changes the file", () => {
  it.each([
    ["retires", retire],
    ["adds", `keys rotate ${keyFile} --id later --yes`],
  ])("none %s a key, and nothing is lost", async (_, line) => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const changing = changeKeyFile(keyFile, async () => {
      const before = readKeyFile(keyFile);
      await held;
      return { ...before, keys: [...before.keys, filedKey("newest", 2)] };
    });
    expect(await merp(line)).toMatchObject({
      ...{ code: 2, stdout: "" },
      stderr: expect.stringMatching(
        /nothing was done: another command changes .*keys\.json \(process \d+ on \S+ since \S+\)/,
      ),
    });
    release();
    await changing;
    expect(idsIn()).toEqual(["old", "new", "newest"]);
    await readPeople();
    expect(readdirSync(keys)).toEqual(["keys.json"]);
  });

  it.each([
    ["while the next one runs", true],
    ["and the next one has ended", false],
  ])("one whose lock is removed changes nothing, %s", async (_, overlap) => {
    let release = (): void => {};
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const next = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const adding = (id: string, when: Promise<void>) =>
      changeKeyFile(keyFile, async () => {
        await when;
        const file = readKeyFile(keyFile);
        return { ...file, keys: [...file.keys, filedKey(id, 2)] };
      });
    const first = adding("first", held);
    rmSync(`${keyFile}.lock`);
    const second = adding("second", next);
    if (!overlap) {
      goOn();
      await second;
    }
    release();
    await expect(first).rejects.toThrow("the lock was removed meanwhile");
    expect(readdirSync(keys)).toEqual(overlap ? ["keys.json", "keys.json.lock"] : ["keys.json"]);
    goOn();
    await second;
    expect(idsIn()).toEqual(["old", "new", "second"]);
    expect(readdirSync(keys)).toEqual(["keys.json"]);
  });

  it("one that fails leaves the lock of the next one", async () => {
    let fail = (): void => {};
    const first = changeKeyFile(keyFile, () => new Promise((_, reject) => (fail = () => reject(new Error("failed")))));
    rmSync(`${keyFile}.lock`);
    let goOn = (): void => {};
    const second = changeKeyFile(keyFile, () => new Promise((resolve) => (goOn = () => resolve(readKeyFile(keyFile)))));
    fail();
    await expect(first).rejects.toThrow("failed");
    expect(readdirSync(keys)).toEqual(["keys.json", "keys.json.lock"]);
    goOn();
    await second;
    expect(readdirSync(keys)).toEqual(["keys.json"]);
  });

  it("each of several that run at once tells what it did", async () => {
    write("a", "b", "c", "d");
    await admin.flushall();
    const lines = ["a", "b", "c"].map((id) => `keys retire ${id} ${keyFile} --yes --no-outbox --no-people`);
    const outcomes = await Promise.all([...lines, lines[0] as string].map((line) => merp(line)));
    const retired = new Set(outcomes.flatMap(({ stdout }) => /^retired (.)\n$/.exec(stdout)?.[1] ?? []));
    expect(retired.size).toBe(outcomes.filter(({ code }) => code === 0).length);
    for (const { code, stderr } of outcomes) {
      if (code !== 0) expect(stderr).toMatch(/nothing was done: another command changes|has no key a; it has/);
    }
    expect(idsIn()).toEqual(["a", "b", "c", "d"].filter((id) => !retired.has(id)));
  });
});

/** A store of people's keys that a module exports. `send` asks the test's Redis for something. */
function storeOf(methods: string): string {
  const path = join(folder, "store.mjs");
  const send = `const send = (line) => new Promise((resolve) => {
  const socket = connect(${redis.port}, "127.0.0.1", () => socket.write(line + "\\r\\n"));
  socket.once("data", () => resolve(socket.destroy()));
});`;
  const store = `export const people = { get: async () => ({ erased: [] }), erase: async () => {}, add: async () => {}, rewrap: async () => {}, all: async function* () {}, ${methods} };`;
  writeFileSync(path, `import { connect } from "node:net";\n${send}\n${store}\n`);
  return path;
}

describe("a key is kept", () => {
  const old = `e1.old.${Buffer.alloc(40, 1).toString("base64url")}`;

  it("that a message comes to need once all were looked at", async () => {
    const all = `async function* () { yield [["person:1", { id: "k", wrapped: "${old.replace("old", "new")}" }]]; }`;
    const store = storeOf(`confirm: () => send("XADD events * message_type person.moved json ${old}"), all: ${all}`);
    expect(await merp(`${retire} --people ${store}`)).toMatchObject({
      ...{
        code: 1,
        stderr: "",
        stdout: expect.stringMatching(/^not retired: 1 values can be read by old alone: events/),
      },
    });
    expect(idsIn()).toEqual(["old", "new"]);
    const states = (await admin.xrange("merp:audit", "-", "+")).map(([, [, state]]) => state);
    expect(states).toEqual(["begun", "failed"]);
  });

  it("under which a service goes on to make keys of people", async () => {
    const { key } = await people.get("person:1");
    const store = storeOf(`all: async function* () { yield [["person:1", ${JSON.stringify(key)}]]; }`);
    expect(await merp(`${retire} --people ${store}`)).toMatchObject({
      ...{ code: 1, stderr: "" },
      stdout: expect.stringMatching(/^not retired: 1 keys of people are encrypted under old\na service makes keys/),
    });
    expect(idsIn()).toEqual(["old", "new"]);
  });

  it("where a store that hangs has not all that was moved, and the next run can go on", async () => {
    const { key } = await people.get("person:1");
    const all = `async function* () { yield [["person:1", ${JSON.stringify(key)}]]; }`;
    const refuse = 'async () => { throw new Error("no replica has it") }';
    const { code, stderr } = await merp(`${retire} --people ${storeOf(`all: ${all}, rewrap: ${refuse}`)}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: the store of .* failed: no replica has it\n$/)]);
    expect(readdirSync(keys)).toEqual(["keys.json"]);
    expect(await merp(retire)).toMatchObject({ code: 0, stdout: "retired old\n" });
    await readPeople();
  });

  it("or told to be gone, wherever the link to Redis is cut", async () => {
    for (const bytes of [200, 4000, 8000, 9000, 10_000, 11_000, 12_000, 14_000]) {
      await begin();
      await using proxy = await startTcpProxy(redis);
      proxy.cutAfter(bytes);
      const { code, stdout, stderr } = await merp(retire, { REDIS_URL: proxy.url });
      await readPeople();
      const isGone = !idsIn().includes("old");
      if (code === 0) expect([bytes, isGone, stdout]).toEqual([bytes, true, "retired old\n"]);
      else expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: [^\n]+\n$/)]);
      if (code !== 0 && isGone) expect(stderr).toContain("recording the change");
      for (const name of names) {
        const { wrapped } = (await people.get(name)).key ?? { wrapped: "" };
        expect(idsIn()).toContain(readCiphertext(wrapped).keyId);
      }
      expect(readdirSync(keys)).toEqual(["keys.json"]);
    }
  });

  it("where its file may not be written, and the reason is told", async () => {
    rmSync(keys, { recursive: true });
    expect(await merp(`keys new ${keyFile}`)).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/^error: .*keys\.json cannot be written \(ENOENT\)/) },
    });
  });
});
