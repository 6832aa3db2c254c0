import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { PlainMessage } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import type { Catalogue } from "../../../runtime/contract/descriptor.js";
import type { Sealing } from "../../../runtime/contract/sealing.js";
import { encryption, type KeyProvider, keyOf } from "../../../runtime/encryption/index.js";
import type { DeadLetter } from "../../../runtime/letters/letter-settler.js";
import { createTestMessagingFor, type TestMessaging } from "../../../runtime/testing/index.js";
import { runs } from "../../support/runs.js";
import { joined } from "./contract.js";

const key = (id: string, byte: number) => keyOf(id, Buffer.alloc(32, byte), "a test");
const known = [key("2026-a", 1), key("2026-b", 2)] as const;
const keysOf = (all: readonly ReturnType<typeof key>[]): KeyProvider => ({
  current: () => all[0] as ReturnType<typeof key>,
  find: (id) => all.find((each) => each.id === id),
});
const sealingOf = (keys: KeyProvider): Sealing =>
  encryption({ keys }).extend({ service: "people", environment: "test" }).sealing as Sealing;

const contract = contractOf(joined);
const sealing = sealingOf(keysOf(known));
const event = (after_data: object): PlainMessage => ({
  ...{ id: randomUUID(), type: "event", event_type: "person.joined", entity_type: "person", entity_id: 7, after_data },
});
const sealed = (message: PlainMessage, by = sealing): PlainMessage => contract.seal(message, by) as PlainMessage;
const opened = (message: PlainMessage, by = sealing): PlainMessage => contract.open(message, by) as PlainMessage;
const dataOf = (message: PlainMessage) => message["after_data"] as Record<string, string>;

async function lettersOf({ deadLetters }: Pick<TestMessaging<object, unknown>, "deadLetters">) {
  const letters: DeadLetter[] = [];
  for await (const letter of deadLetters.list("events")) letters.push(letter);
  return letters;
}

describe("a ciphertext", () => {
  it("is refused with any of its characters changed, and accepted with none", () => {
    const { numRuns, seed } = runs(300);
    let random = seed;
    for (let run = 0; run < numRuns; run++) {
      const message = sealed(event({ name: `canary ${run}` }));
      const text = dataOf(message)["name"] as string;
      random = (random * 48_271) % 2_147_483_647;
      const at = random % text.length;
      const other = text[at] === "A" ? "B" : "A";
      const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      expect(dataOf(opened(message))["name"], `seed ${seed}`).toBe(`canary ${run}`);
      const read = () => opened({ ...message, after_data: { name: changed } });
      expect(read, `seed ${seed}: character ${at} of ${text}`).toThrow(
        /person\.joined: after_data\.name (cannot|is|must)/,
      );
    }
  });

  it("is never the same twice", () => {
    const message = event({ name: "canary", tags: ["canary", "canary"] });
    const all = [sealed(message), sealed(message)]
      .flatMap(({ after_data }) => Object.values(after_data as object))
      .flat();
    expect(new Set(all).size).toBe(6);
  });

  it.each([
    ["of another message", (message: PlainMessage) => ({ ...message, id: randomUUID() })],
    [
      "at another place in a list",
      ({ after_data, ...message }: PlainMessage) => {
        const { tags } = after_data as { tags: string[] };
        return { ...message, after_data: { ...(after_data as object), tags: tags.toReversed() } };
      },
    ],
    [
      "under another name of a map",
      ({ after_data, ...message }: PlainMessage) => {
        const { notes } = after_data as { notes: Record<string, string> };
        return { ...message, after_data: { ...(after_data as object), notes: { b: notes["a"] } } };
      },
    ],
    [
      "of another property",
      ({ after_data, ...message }: PlainMessage) => {
        const { name, tags } = after_data as { name: string; tags: string[] };
        return { ...message, after_data: { name: tags[0], tags: [name] } };
      },
    ],
  ])("is refused as one %s", (_, move) => {
    const message = sealed(event({ name: "canary", tags: ["one", "other"], notes: { a: 1 } }));
    expect(() => opened(move(message))).toThrow(/was changed, belongs elsewhere, or that key is another one here/);
  });

  it("is refused under a key that this service does not have, and names it", () => {
    const message = sealed(event({ name: "canary" }));
    expect(() => opened(message, sealingOf(keysOf([known[1]])))).toThrow(
      "person.joined: after_data.name is encrypted with the key 2026-a, which this service does not have",
    );
    const other = sealingOf(keysOf([key("2026-a", 9)]));
    expect(() => opened(message, other)).toThrow(/cannot be read with the key 2026-a/);
  });

  it("fails alone where another one fails later: nothing is left that nobody awaits", async () => {
    const unawaited: unknown[] = [];
    const note = (reason: unknown) => void unawaited.push(reason);
    process.on("unhandledRejection", note);
    const find = (_: string, wrapped?: string) =>
      wrapped === undefined ? undefined : Promise.reject(new Error("InvalidCiphertext"));
    const wrapped = `w1.main.AAAA.${"A".repeat(38)}`;
    const { after_data, ...message } = sealed(event({ tags: ["canary"] }));
    const read = contract.open(
      { ...message, after_data: { name: wrapped, ...(after_data as object) } },
      sealingOf({ ...keysOf(known), find: find as never }),
    );
    await expect(read).rejects.toThrow(/is encrypted with the key 2026-a, which this service does not have/);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unawaited).toEqual([]);
  });

  it("is read under an old key while new ones are written", () => {
    const message = sealed(event({ name: "canary" }));
    const later = sealingOf(keysOf([known[1], known[0]]));
    expect(dataOf(opened(message, later))["name"]).toBe("canary");
    expect(dataOf(sealed(event({ name: "canary" }), later))["name"]).toMatch(/^e1\.2026-b\./);
  });
});

describe("a message that cannot be read", () => {
  const catalogue: Catalogue = { name: "people", encoding: "json", messages: [joined] as never };
  let messaging: ReturnType<typeof createTestMessagingFor>;
  beforeAll(() => {
    messaging = createTestMessagingFor(catalogue, {
      ...{ service: "people", extensions: [encryption({ keys: keysOf(known) })] },
      logger: { info() {}, warn() {}, error() {} },
    });
    messaging.on(joined, () => {
      throw new Error("no message of this test comes to a handler");
    });
    return messaging.start().then(() => async () => messaging.close());
  });

  it.each([
    ["a plain value", () => event({ name: "canary" }), "CIPHERTEXT_INVALID"],
    ["no text at all", () => event({ name: { canary: 1 } }), "CIPHERTEXT_INVALID"],
    [
      "a value of another message",
      () => ({ ...sealed(event({ name: "canary" })), id: randomUUID() }),
      "CIPHERTEXT_INVALID",
    ],
    ["an unknown key", () => sealed(event({ name: "canary" }), sealingOf(keysOf([key("lost", 3)]))), "KEY_UNKNOWN"],
    ["what its contract refuses once it is read", () => sealed(event({ name: "ca" })), "CONTRACT_VIOLATED"],
  ])("for %s becomes a dead letter with the reason, and without the value", async (_, message, reason) => {
    const before = (await lettersOf(messaging)).length;
    const { store } = messaging.broker as never as { store: { add(stream: string, fields: readonly string[]): void } };
    store.add("events", ["message_type", "person.joined", "json", JSON.stringify(message())]);
    await messaging.settled();
    const letters = await lettersOf(messaging);
    const letter = letters.at(-1);
    expect(letters).toHaveLength(before + 1);
    expect(letter?.errors.at(-1)).toMatchObject({ code: reason });
    expect(JSON.stringify(letter?.errors)).not.toContain("canary");
  });
});
