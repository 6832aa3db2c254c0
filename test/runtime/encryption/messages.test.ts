import { describe, expect, it } from "vitest";
import { contractOf } from "../../../runtime/contract/contract.js";
import { defineEvent } from "../../../runtime/contract/define.js";
import type { Catalogue } from "../../../runtime/contract/descriptor.js";
import { wireForm } from "../../../runtime/contract/encrypt.js";
import { compileWriter } from "../../../runtime/contract/validation.js";
import {
  Erased,
  encryption,
  environmentKeys,
  isErased,
  onlyFields,
  withoutKeys,
} from "../../../runtime/encryption/index.js";
import { createTestBroker, createTestMessagingFor } from "../../../runtime/testing/index.js";
import { type Joined, joined, login, type Moved, moved, told } from "./contract.js";

const catalogue: Catalogue = { name: "people", encoding: "fields", messages: [joined, moved, login, told] as never };
const CANARY = "canary";

const person = {
  name: "canary name",
  age: 41,
  tags: ["canary tag", "canary other"],
  notes: { first: { canary: true }, "a.b": ["canary", null], "3": "canary 3" },
  contacts: [{ kind: "mail", address: "canary@example.com" }, { kind: "none" }],
  profile: { city: "canary city", years: [1, 2] },
} as const;

/** All that a broker of tests holds. */
function heldBy(broker: object): string {
  const seen = new Set<unknown>();
  return JSON.stringify((broker as { chronicle: { entries: unknown } }).chronicle.entries, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  });
}

describe.each(["fields", "json"] as const)("a message with encrypted values, in the encoding %s", (encoding) => {
  it("arrives as it was published, and is ciphertext on the way", async () => {
    const broker = createTestBroker();
    await using messaging = createTestMessagingFor(catalogue, { service: "people", broker, encoding });
    const received: Joined[] = [];
    messaging.on(joined, (event) => void received.push(event));
    await messaging.start();

    await messaging.publish(joined, { entity_id: 7, after_data: person });
    await messaging.publishAll(joined, [{ entity_id: 8, after_data: { profile: null } }]);
    await messaging.settled();

    expect(received.map(({ after_data }) => after_data)).toEqual([person, { profile: null }]);
    expect(messaging.published(joined).map(({ after_data }) => after_data)).toEqual([person, { profile: null }]);
    expect(heldBy(broker)).not.toContain(CANARY);
  });

  it("reads as erased once its person is forgotten, whatever else it says", async () => {
    const broker = createTestBroker();
    await using messaging = createTestMessagingFor(catalogue, {
      service: "people",
      broker,
      encoding,
      startFrom: "all",
    });
    const streets: Moved["after_data"][] = [];
    messaging.on(moved, ({ after_data }) => void streets.push(after_data));
    await messaging.publish(moved, { entity_id: 7, after_data: { street: "canary street", country: "SE" } });
    await messaging.publish(moved, { entity_id: 8, after_data: { street: "other street", country: "DK" } });
    broker.forget("person", 7);
    await messaging.publish(moved, { entity_id: 7, after_data: { street: "a new street", country: "NO" } });
    await messaging.start();
    await messaging.settled();

    expect(streets).toEqual([
      { street: new Erased(messaging.time.now().toISOString()), country: "SE" },
      { street: "other street", country: "DK" },
      { street: "a new street", country: "NO" },
    ]);
    expect(isErased(streets[0]?.street)).toBe(true);
    expect(heldBy(broker)).not.toContain(CANARY);
  });
});

it("encrypts commands and their answers", async () => {
  const broker = createTestBroker();
  await using messaging = createTestMessagingFor(catalogue, { service: "people", broker });
  messaging.handle(login, ({ payload }) => ({ token: `canary of ${payload.password}` }));
  await messaging.start();
  const sent = messaging.send(login, { password: "canary password" }, { targetService: "people" });
  await messaging.settled();
  expect(await sent).toEqual({ token: "canary of canary password" });
  expect(heldBy(broker)).not.toContain(CANARY);
});

it("delivers encrypted notifications to listeners, in their order", async () => {
  const broker = createTestBroker();
  await using messaging = createTestMessagingFor(catalogue, { service: "people", broker });
  const texts: string[] = [];
  await messaging.listen({ userId: 1 }, (message) => void texts.push((message as { message: string }).message));
  for (const text of ["canary 1", "canary 2"]) {
    await messaging.publish(told, { title: "t", message: text, target_user_id: 1 } as never);
  }
  await messaging.settled();
  expect(texts).toEqual(["canary 1", "canary 2"]);
});

it("checks a plain value before it is encrypted", async () => {
  await using messaging = createTestMessagingFor(catalogue, { service: "people" });
  const published = messaging.publish(joined, { entity_id: 7, after_data: { name: "ab", age: -1 } });
  await expect(published).rejects.toMatchObject({
    code: "CONTRACT_VIOLATED",
    issues: [{ path: "after_data.name" }, { path: "after_data.age" }],
  });
});

it("writes what the schema of the wire accepts, and nothing else does", async () => {
  await using messaging = createTestMessagingFor(catalogue, { service: "people", encoding: "json" });
  await messaging.publish(joined, { entity_id: 7, after_data: person });
  const [entry] = (messaging.broker as unknown as { chronicle: { entries: { fields: string[] }[] } }).chronicle.entries;
  const wire = JSON.parse(entry?.fields[3] ?? "") as Record<string, unknown>;
  const check = compileWriter(wireForm(joined.schema));
  expect(check(wire)).toBeUndefined();
  expect(check({ ...wire, after_data: person })).not.toBeUndefined();
  // Neither does it tell a value that should have been encrypted, also where a definition says so.
  const plain = check({ ...wire, after_data: { name: person.name, contacts: person.contacts } });
  expect(plain?.map(({ path }) => path)).toContain("after_data.contacts[0].address");
  expect(JSON.stringify(plain)).not.toContain(CANARY);
});

describe("a service without keys", () => {
  it("is refused when it says nothing of them, and when it handles encrypted values", async () => {
    const encrypting = { ...catalogue, messages: [{ ...joined, encrypts: true }] } as Catalogue;
    const { createMessagingFor } = await import("../../../runtime/service/create-messaging.js");
    expect(() => createMessagingFor(encrypting, { service: "people" })).toThrow(/person.joined has encrypted values/);
    const withPeople = { ...catalogue, messages: [{ ...moved, encrypts: true }] } as Catalogue;
    const keys = environmentKeys({ env: { MESSAGE_KEYS: `a:${Buffer.alloc(32).toString("base64")}` } });
    const options = { service: "people", extensions: [encryption({ keys })] };
    expect(() => createMessagingFor(withPeople, options)).toThrow(/person.moved has values with a "subject": pass/);

    await using messaging = createTestMessagingFor(catalogue, { service: "people", extensions: [withoutKeys()] });
    messaging.on(joined, () => {});
    await expect(messaging.start()).rejects.toMatchObject({ code: "KEY_MISSING" });
    await expect(messaging.publish(joined, { entity_id: 7, after_data: person })).rejects.toMatchObject({
      code: "KEY_MISSING",
    });
  });

  it("handles the fields that are not encrypted", async () => {
    const broker = createTestBroker();
    await using people = createTestMessagingFor(catalogue, { service: "people", broker });
    await using counting = createTestMessagingFor(catalogue, {
      ...{ service: "counting", broker, extensions: [withoutKeys()] },
    });
    const ids: number[] = [];
    counting.on(onlyFields(joined, ["entity_id"]), ({ entity_id }) => void ids.push(entity_id));
    await counting.start();
    await people.publish(joined, { entity_id: 7, after_data: person });
    await counting.settled();
    expect(ids).toEqual([7]);
    expect(() => onlyFields(joined, ["after_data"])).toThrow("after_data of person.joined holds encrypted values");
  });
});

it("asks nothing of keys for a message that encrypts nothing", async () => {
  let calls = 0;
  const count = (): undefined => {
    calls++;
    return undefined;
  };
  const counting = { extend: () => ({ sealing: { hasKeys: true, hasPeople: true, seal: count, open: count } }) };
  const open = { type: "string" } as const;
  const plain = defineEvent<{ id: string; note: string }, { note: string }>("plain.noted", {
    type: "object",
    properties: { id: open, type: { const: "event" }, event_type: { const: "plain.noted" }, note: open },
    required: ["id", "note"],
  });
  const messages = [plain, joined] as never;
  await using messaging = createTestMessagingFor(
    { name: "plain", encoding: "json", messages },
    { service: "plain", extensions: [counting] },
  );
  messaging.on(plain, () => {});
  await messaging.start();
  await messaging.publishAll(plain, [{ note: "1" }, { note: "2" }]);
  await messaging.settled();
  expect(messaging.handled(plain)).toHaveLength(2);
  expect([calls, contractOf(plain).sealed, contractOf(plain).wire]).toEqual([0, undefined, contractOf(plain)]);
  await messaging.publish(joined, { entity_id: 7, after_data: person });
  expect(calls).toBe(1);
});
