import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { forget } from "../../../runtime/cli/forget.js";
import { retire } from "../../../runtime/cli/keys/retire.js";
import { status } from "../../../runtime/cli/keys/status.js";
import { encryption, fileKeys, redisSubjects } from "../../../runtime/encryption/index.js";
import { filedKey } from "../../../runtime/encryption/key-file.js";
import type { Messaging } from "../../../runtime/index.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { printedOf } from "../../support/printed.js";
import { useRedis } from "../../support/redis.js";
import { joined, moved } from "./contract.js";

const { redis, admin } = await useRedis();
const folder = mkdtempSync(join(tmpdir(), "terminal-"));
const keyFile = join(folder, "keys.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As long as an id may be. */
const LONG = "k".repeat(64);
const MIDDLE = "2026-november-of-production";
/** Where the keys of people are, beside those that are read by default. */
const keysOf = (id: string): string => `keys of ${id}{subject-keys}`;

beforeEach(async () => {
  await admin.flushall();
  const descriptors = [joined, moved].map(({ kind, type, stream, schema }) => ({ kind, type, stream, schema }));
  writeFileSync(join(folder, "catalogue.mjs"), `export const [a, b] = ${JSON.stringify(descriptors)};\n`);
  for (const id of [LONG, MIDDLE]) {
    writeFileSync(keyFile, JSON.stringify({ keys: [filedKey(id, 0)] }));
    await using people = createMessagingFor(
      { name: "people", encoding: "fields", messages: [joined, moved] } as never,
      {
        ...{ service: "people", redis: { url: redis.url }, env: {}, announce: false },
        extensions: [encryption({ keys: fileKeys(keyFile), people: redisSubjects(admin, { key: keysOf(id) }) })],
      },
    ) as Messaging;
    await people.publish(joined, { entity_id: 1, after_data: { name: "a name" } });
    await people.publish(moved, { entity_id: 7, after_data: { street: "a street", country: "SE" } });
  }
  await admin.rename(keysOf(MIDDLE), "subject-keys");
});

/** What a command prints, on a terminal of so many columns or elsewhere. */
async function printed(work: () => Promise<number>, columns?: number): Promise<string> {
  vi.stubEnv("REDIS_URL", redis.url);
  vi.stubEnv("MERP_CATALOGUE", join(folder, "catalogue.mjs"));
  try {
    return await printedOf(work, columns);
  } finally {
    vi.unstubAllEnvs();
  }
}

/** The lines that do not fit, and could have been broken at a space. The rows of a block have one line each. */
function tooLong(text: string, columns: number): readonly string[] {
  const isLong = (line: string): boolean => line.length > columns && line.trim().includes(" ");
  return text.split("\n").filter((line) => isLong(line) && !/^[A-Z]+: /.test(line));
}

describe.each([40, 100, 200, undefined])("in a terminal of %s columns", (columns) => {
  it("the status of keys fits, and no id is cut", async () => {
    writeFileSync(keyFile, JSON.stringify({ keys: [filedKey(MIDDLE, 0)] }));
    const text = await printed(() => status(keyFile, {}), columns);
    for (const id of [LONG, MIDDLE, "people"]) expect(text).toContain(id);
    expect(text).not.toContain("…");
    expect(tooLong(text, columns ?? Number.POSITIVE_INFINITY)).toEqual([]);
    if (columns === undefined) expect(text).toMatch(new RegExp(`^1 values are encrypted with ${LONG}, which .*\n`));
  });

  it("the refusal to retire a key fits, and no id is cut", async () => {
    writeFileSync(keyFile, JSON.stringify({ keys: [filedKey(LONG, 0), filedKey(MIDDLE, 1)] }));
    const text = await printed(async () => {
      expect(await retire(LONG, keyFile, { outbox: false, yes: true })).toBe(1);
      return 0;
    }, columns);
    expect(text).toContain(LONG);
    expect(text).toMatch(/^not retired: 1\s+values/);
    expect(tooLong(text, columns ?? Number.POSITIVE_INFINITY)).toEqual([]);
  });

  it("what is told of a person who is forgotten fits", async () => {
    for (const first of [/^person:7 is forgotten\n/, /^person:7 was forgotten at\s+20/]) {
      const text = await printed(() => forget("person:7", { yes: true }), columns);
      expect(text).toMatch(first);
      expect(text).toMatch(/events\s+\(stream\s+1\)/);
      expect(tooLong(text, columns ?? Number.POSITIVE_INFINITY)).toEqual([]);
    }
  });
});

it("the status of keys is a line of JSON for programs, as wide as it has to be", async () => {
  writeFileSync(keyFile, JSON.stringify({ keys: [filedKey(MIDDLE, 0)] }));
  const text = await printed(async () => {
    expect(await status(keyFile, { json: true, outbox: false })).toBe(1);
    return 0;
  }, 40);
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(text)).toEqual({
    keys: [
      {
        id: MIDDLE,
        state: "current",
        uses: [expect.objectContaining({ stream: "events", place: "stream", values: 1 })],
      },
      { id: LONG, state: "unknown", uses: [expect.objectContaining({ values: 1 })] },
      { id: "people", state: "people's keys", uses: [expect.objectContaining({ isPerson: true, values: 2 })] },
    ],
    unread: 0,
  });
});
