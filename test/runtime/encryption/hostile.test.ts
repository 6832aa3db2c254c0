import { describe, expect, it } from "vitest";
import {
  type DataKey,
  encryption,
  envelopeKeys,
  type KeyProvider,
  keyOf,
  type SubjectStore,
} from "../../../runtime/encryption/index.js";
import { createTestMessagingFor, type TestMessaging } from "../../../runtime/testing/index.js";
import { joined, moved } from "./contract.js";

const bytes = (byte: number, length = 32): Uint8Array => Buffer.alloc(length, byte);
const catalogue = { name: "people", encoding: "json", messages: [joined, moved] } as never;
const quiet = { info() {}, warn() {}, error() {} };
const own = keyOf("a", bytes(1), "a test");
const keys: KeyProvider = { current: () => own, find: (id) => (id === "a" ? own : undefined) };
const noPeople: SubjectStore = {
  get: async () => ({ key: undefined, erased: [] }),
  add: async (_, key) => ({ key, erased: [] }),
  erase: async () => undefined,
  async *all() {},
  rewrap: async () => {},
};
const person = { entity_id: 7, after_data: { name: "Ada" } };
const address = { entity_id: 7, after_data: { street: "a street", country: "SE" } };

function messaging(extension: Parameters<typeof encryption>[0]): TestMessaging<object, unknown> {
  const extensions = [encryption({ people: noPeople, ...extension })];
  return createTestMessagingFor(catalogue, {
    ...{ service: "people", extensions, logger: quiet, maxRetries: 0 },
  }) as never;
}

async function refusal(extension: Parameters<typeof encryption>[0], event: object = person): Promise<string> {
  await using people = messaging(extension);
  const descriptor = event === person ? joined : moved;
  const error = await people.publish(descriptor as never, event as never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return `${(error as { code?: unknown })?.code}: ${(error as Error)?.message}`;
}

describe("a key management service that gives", () => {
  const kms = (made: unknown) =>
    envelopeKeys({ generate: async () => made as DataKey, unwrap: async () => bytes(1) }, { timeoutSeconds: 0.05 });

  it.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["a key as text", { id: "main", secret: "x".repeat(32), wrapped: bytes(2) }],
    ["a short key", { id: "main", secret: bytes(1, 16), wrapped: bytes(2) }],
    ["no wrapped form", { id: "main", secret: bytes(1) }],
    ["an empty wrapped form", { id: "main", secret: bytes(1), wrapped: bytes(1, 0) }],
    ["a wrapped form of many kilobytes", { id: "main", secret: bytes(1), wrapped: bytes(1, 9000) }],
    ["an address as the id", { id: "arn:aws:kms:eu:key/1", secret: bytes(1), wrapped: bytes(2) }],
  ])("%s is named, and nothing is published", async (_, made) => {
    expect(await refusal({ keys: kms(made) })).toMatch(/^KEY_INVALID: .*generate\(\)/);
  });
});

describe("keys of one's own making, of which", () => {
  it.each<[string, unknown, unknown]>([
    ["the current one is missing", undefined, undefined],
    ["the current one is bytes", bytes(1), undefined],
    [
      "the secret is too short",
      { id: "a", secret: keyOf("a", bytes(1), "x").secret.export().subarray(0, 8) },
      undefined,
    ],
    ["the id has a dot", { ...own, id: "a.b" }, undefined],
  ])("%s, are named, and nothing is published", async (_, current) => {
    expect(await refusal({ keys: { ...keys, current: () => current as never } })).toMatch(
      /^KEY_INVALID: .*current\(\)/,
    );
  });

  it.each<[string, unknown]>([
    ["another key is found", keyOf("a", bytes(2), "x")],
    ["a text is found", "x"],
  ])("%s, make a dead letter, and nothing crashes", async (_, found) => {
    await using people = messaging({ keys: { ...keys, find: () => found as never } });
    people.on(joined as never, () => {});
    await people.start();
    await people.publish(joined as never, person as never);
    await people.time.advance("1h");
    const codes: unknown[] = [];
    for await (const { errors } of people.deadLetters.list("events")) codes.push(errors.at(-1)?.code);
    expect(codes).toEqual([expect.stringMatching(/^(CIPHERTEXT_INVALID|KEY_INVALID)$/)]);
  });
});

describe("a store of people's keys that gives", () => {
  it.each<[string, Partial<SubjectStore>]>([
    ["nothing", { get: async () => undefined as never }],
    ["no list of what was erased", { get: async () => ({ key: undefined }) as never, add: async () => ({}) as never }],
    ["a wrapped key that is none", { get: async () => ({ key: { id: "k", wrapped: "nonsense" }, erased: [] }) }],
    [
      "a key under one that is lost",
      { get: async () => ({ key: { id: "k", wrapped: `e1.lost.${"A".repeat(60)}` }, erased: [] }) },
    ],
    ["a spoilt key", { get: async () => ({ key: { id: "k", wrapped: `e1.a.${"A".repeat(60)}` }, erased: [] }) }],
  ])("%s is told of, and nothing is published", async (_, store) => {
    const text = await refusal({ keys, people: { ...noPeople, ...store } }, address);
    expect(text).toMatch(/^(KEY_UNAVAILABLE|KEY_UNKNOWN|CIPHERTEXT_INVALID): /);
    expect(text).not.toMatch(/Cannot read|undefined|not iterable|destructure/);
  });
});

describe("a message whose person", () => {
  it.each<[string, unknown]>([
    ["is null", null],
    ["is absent", undefined],
    ["is a list", [7]],
    ["is an object", { id: 7 }],
    ["is a fraction", 7.5],
    ["is an empty text", ""],
  ])("%s is refused before it is published", async (_, entity_id) => {
    expect(await refusal({ keys }, { ...address, entity_id })).toMatch(/^CONTRACT_VIOLATED: .*entity_id/);
  });
});
