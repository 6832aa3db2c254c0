import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EnvelopeKeys } from "../../../runtime/encryption/envelope-keys.js";
import {
  type DataKey,
  encryption,
  environmentKeys,
  fileKeys,
  folderSubjects,
  type Key,
  type KeyManagement,
  type SubjectStore,
} from "../../../runtime/encryption/index.js";
import { Subjects } from "../../../runtime/encryption/subjects.js";
import { Erased } from "../../../runtime/index.js";
import { createTestMessagingFor } from "../../../runtime/testing/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { joined } from "./contract.js";

const secret = (byte: number, length = 32) => Buffer.alloc(length, byte).toString("base64");
const folder = mkdtempSync(join(tmpdir(), "keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inEnvironment = (keys: ReturnType<typeof environmentKeys>, environment: string) => () =>
  encryption({ keys }).extend({ service: "people", environment });
const bytesOf = ({ secret: key }: Key) => key.export()[0];

describe("keys from the environment", () => {
  it("encrypt with the first, and read with all", async () => {
    const keys = environmentKeys({ env: { MESSAGE_KEYS: `2026-b:${secret(2)}, production/2026-a:${secret(1)}` } });
    expect(await keys.current()).toMatchObject({ id: "2026-b" });
    expect(await keys.find("2026-a", undefined)).toMatchObject({ id: "2026-a" });
    expect(await keys.find("2025", undefined)).toBeUndefined();
    expect(inEnvironment(keys, "production")).not.toThrow();
    expect(inEnvironment(keys, "staging")).toThrow(
      "MESSAGE_KEYS holds keys of the environment production, and this service runs in staging",
    );
  });

  it.each([
    ["absent", undefined, "KEY_MISSING", /MESSAGE_KEYS is not set/],
    ["too short", `a:${secret(1, 16)}`, "KEY_INVALID", /key 1: the key a must have 32 bytes, and has 16/],
    ["no base64", "a:ÿÿÿ", "KEY_INVALID", /key 1 is none: it must be id:base64/],
    ["without an id", secret(1), "KEY_INVALID", /key 1 is none/],
    ["twice", `a:${secret(1)},a:${secret(2)}`, "KEY_INVALID", /two keys with the id a/],
    ["of an id with a dot", `a.b:${secret(1)}`, "KEY_INVALID", /letters, digits, - and _/],
  ])("are refused where one is %s, without telling it", (_, text, code, sentence) => {
    const read = () => environmentKeys({ env: { MESSAGE_KEYS: text } });
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringMatching(sentence) }));
    expect(read).not.toThrow(secret(1).slice(0, 8));
  });
});

describe("keys from a file", () => {
  const path = join(folder, "keys.json");
  const write = (...keys: readonly object[]) => writeFileSync(path, JSON.stringify({ environment: "test", keys }));
  const past = "2026-01-01T00:00:00Z";

  it("are read anew when the file has a key that is not known yet, and stay when it is spoilt", async () => {
    write({ id: "a", secret: secret(1), from: past });
    const keys = fileKeys(path);
    expect(await keys.current()).toMatchObject({ id: "a" });
    write({ id: "a", secret: secret(1), from: past }, { id: "b", secret: secret(2), from: "2026-02-01T00:00:00Z" });
    expect(await keys.find("b", undefined)).toMatchObject({ id: "b" });
    expect(await keys.current()).toMatchObject({ id: "b" });
    writeFileSync(path, "{");
    expect(await keys.find("c", undefined)).toBeUndefined();
    expect(await keys.find("a", undefined)).toMatchObject({ id: "a" });
  });

  it("encrypt from their own time on", async () => {
    write({ id: "a", secret: secret(1), from: past }, { id: "b", secret: secret(2), from: "2999-01-01T00:00:00Z" });
    expect(await fileKeys(path).current()).toMatchObject({ id: "a" });
  });

  it("are refused with the place of what is wrong, and without telling keys", () => {
    expect(() => fileKeys(join(folder, "none.json"))).toThrow(/cannot be read \(ENOENT\): make it with merp keys new/);
    writeFileSync(path, `{"keys": "${secret(1)}`);
    expect(() => fileKeys(path)).toThrow(/keys\.json is not valid JSON$/);
    write({ id: "a", secret: secret(1), from: "soon" });
    expect(() => fileKeys(path)).toThrow(/keys\.json, key 1 has no time in "from"/);
    write();
    expect(() => fileKeys(path)).toThrow(/with a key at least/);
  });
});

describe("keys of a key management service", () => {
  const bounds = { keepMs: 60_000, most: 2, timeoutMs: 50 };
  let now = 0;
  const dataKey = (byte: number): DataKey => ({ id: "main", secret: Buffer.alloc(32, byte), wrapped: Buffer.of(byte) });

  function managed(management: Partial<KeyManagement>) {
    return new EnvelopeKeys(
      { generate: async () => dataKey(1), unwrap: async () => undefined, ...management },
      bounds,
      { ...systemClock, now: () => now },
    );
  }

  it("are made and decrypted once, however many ask at the same time", async () => {
    let calls = 0;
    const unwrap = async (wrapped: Uint8Array) => {
      calls++;
      return Buffer.alloc(32, wrapped[0]);
    };
    const keys = managed({ generate: async () => dataKey(++calls), unwrap });
    const made = await Promise.all([keys.current(), keys.current()]);
    expect(new Set(made).size).toBe(1);
    expect(keys.current()).not.toBeInstanceOf(Promise);
    expect(keys.find("main", made[0]?.wrapped)).toBe(made[0]);
    const wrapped = Buffer.of(7).toString("base64url");
    const found = await Promise.all([keys.find("main", wrapped), keys.find("main", wrapped)]);
    expect(found.map((key) => bytesOf(key as Key))).toEqual([7, 7]);
    expect(calls).toBe(2);
  });

  it("are kept up to a bound", async () => {
    let calls = 0;
    const unwrap = async (wrapped: Uint8Array) => {
      calls++;
      return Buffer.alloc(32, wrapped[0]);
    };
    const keys = managed({ unwrap });
    for (const byte of [1, 2, 3, 3, 2, 1]) await keys.find("main", Buffer.of(byte).toString("base64url"));
    expect(calls).toBe(4);
  });

  it.each([
    ["fails", () => Promise.reject(new Error("throttled")), /throttled/],
    [
      "throws at once",
      () => {
        throw new Error("no credentials");
      },
      /no credentials/,
    ],
    ["does not reply", () => new Promise<never>(() => {}), /no reply within 0\.05 s/],
  ])("are fetched later where the service %s", async (_, generate, sentence) => {
    await expect(Promise.resolve(managed({ generate }).current())).rejects.toMatchObject({
      ...{ code: "KEY_UNAVAILABLE", retryable: true, message: expect.stringMatching(sentence) },
    });
  });

  it("are unknown where the service refuses one of them for an hour and not others, and wait where it is away", async () => {
    let isAway = false;
    const garbage = Buffer.of(9).toString("base64url");
    const keys = managed({
      generate: async () => (isAway ? Promise.reject(new Error("away")) : dataKey(1)),
      unwrap: async () => Promise.reject(new Error("InvalidCiphertext")),
    });
    const found: unknown[] = [];
    const ask = async (): Promise<void> => {
      for (let minute = 0; minute <= 70; minute++) {
        now += 61_000;
        await Promise.resolve(keys.current()).catch(() => {});
        found.push(await Promise.resolve(keys.find("main", garbage)).catch(({ code }) => code));
      }
    };
    isAway = true;
    await ask();
    expect(new Set(found)).toEqual(new Set(["KEY_UNAVAILABLE"]));
    isAway = false;
    await ask();
    expect(found.at(-1)).toBeUndefined();
  });

  it("have messages wait for them, and none become a dead letter, however long they are away", async () => {
    let isAway = true;
    const keys = managed({
      generate: async () => dataKey(1),
      unwrap: async () => (isAway ? Promise.reject(new Error("away")) : Buffer.alloc(32, 1)),
    });
    const written = encryption({ keys: managed({}) });
    const catalogue = { name: "people", encoding: "json", messages: [joined] } as never;
    await using writer = createTestMessagingFor(catalogue, { service: "writer", extensions: [written] });
    await using reader = createTestMessagingFor(catalogue, {
      ...{ service: "reader", broker: writer.broker, maxRetries: 1, retryDelaySeconds: 0.01 },
      extensions: [encryption({ keys })],
      logger: { info() {}, warn() {}, error() {} },
    });
    const names: unknown[] = [];
    reader.on(joined, ({ after_data }) => void names.push(after_data.name));
    await reader.start();
    await writer.publish(joined, { entity_id: 7, after_data: { name: "Ada" } });
    for (let turn = 0; turn < 6; turn++) await reader.time.advance("2m");
    expect([names, reader.deadLettered(joined)]).toEqual([[], []]);
    isAway = false;
    // A failure is remembered for a second.
    now += 1000;
    await reader.time.advance("2m");
    expect(names).toEqual(["Ada"]);
  });
});

describe("the keys of people", () => {
  const keys = environmentKeys({ env: { MESSAGE_KEYS: `a:${secret(1)}` } });
  const subjectsOf = (store: SubjectStore) => new Subjects(keys, store, systemClock);

  it("are one for each, whichever process makes it first, and are gone once they are erased", async () => {
    const store = folderSubjects(join(folder, "subjects"));
    const made = await Promise.all([1, 2, 3].map(async () => subjectsOf(store).current("user:1")));
    const [first] = made;
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await subjectsOf(store).current("user:2")).id).not.toBe(first?.id);

    expect(await store.erase("user:1", "2026-11-27T12:00:00Z")).toMatchObject({ id: first?.id });
    expect(await subjectsOf(store).find("user:1", first?.id ?? "")).toEqual(new Erased("2026-11-27T12:00:00Z"));
    const again = await subjectsOf(store).current("user:1");
    expect(again.id).not.toBe(first?.id);
    expect(await subjectsOf(store).find("user:1", again.id)).toMatchObject({ id: again.id });
    await expect(subjectsOf(store).find("user:2", again.id)).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  });

  it("stay destroyed in a folder, and are one, whatever processes do at the same time", async () => {
    const path = join(folder, "raced");
    const stores = Array.from({ length: 4 }, () => folderSubjects(path));
    const [store] = stores as [SubjectStore];
    const at = "2026-11-27T12:00:00Z";
    for (let round = 0; round < 6; round++) {
      const before = await store.add("user:1", { id: `before ${round}`, wrapped: "secret" });
      const id = before.key?.id ?? "";
      // A process that died left these.
      const [person = ""] = readdirSync(path);
      writeFileSync(join(path, person, "1.00"), "secret");
      await Promise.all(
        stores.map((each, index) =>
          index === 0 ? each.erase("user:1", at) : each.rewrap("user:1", { id, wrapped: `secret ${index}` }),
        ),
      );
      expect((await store.get("user:1")).key).toBeUndefined();
      const names = readdirSync(join(path, person));
      const left = names.map((name) => readFileSync(join(path, person, name), "utf8")).join("");
      expect(left).not.toContain("secret");

      const added = await Promise.all(
        stores.map((each, index) => each.add("user:1", { id: `${round} ${index}`, wrapped: "secret" })),
      );
      expect(new Set(added.map(({ key }) => key?.id)).size).toBe(1);
      expect((await store.get("user:1")).key?.id).toBe(added[0]?.key?.id);
      await store.erase("user:1", at);
    }
    expect((await store.get("user:1")).erased).toHaveLength(12);
  });
});
