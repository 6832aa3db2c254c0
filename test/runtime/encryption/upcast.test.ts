import { expect, it } from "vitest";
import type { Catalogue, EventDescriptor } from "../../../runtime/contract/descriptor.js";
import { isErased } from "../../../runtime/encryption/index.js";
import { upcaster } from "../../../runtime/index.js";
import { createTestBroker, createTestMessagingFor } from "../../../runtime/testing/index.js";
import { type Moved, moved } from "./contract.js";

interface MovedV2 extends Omit<Moved, "after_data"> {
  readonly after_data: { readonly address: Moved["after_data"]["street"]; readonly country: string };
}

const { street, country } = (
  moved.schema.properties as unknown as { after_data: { properties: Record<string, object> } }
).after_data.properties;
/** The same event with another name for the encrypted value. */
const movedV2 = {
  ...{ ...moved, type: "person.moved.v2" },
  schema: {
    ...moved.schema,
    properties: {
      ...moved.schema.properties,
      event_type: { const: "person.moved.v2" },
      after_data: { type: "object", properties: { address: street, country }, required: ["address", "country"] },
    },
  },
} as unknown as EventDescriptor<MovedV2>;
/** The same without encryption: a value that was erased breaks it. */
const movedPlain = {
  ...{ ...movedV2, type: "person.moved.plain" },
  schema: {
    ...movedV2.schema,
    properties: {
      ...movedV2.schema.properties,
      event_type: { const: "person.moved.plain" },
      after_data: { type: "object", properties: { address: { type: "string" }, country }, required: ["address"] },
    },
  },
} as unknown as EventDescriptor<MovedV2>;

const catalogue = { name: "people", encoding: "fields", messages: [moved, movedV2, movedPlain] } as never as Catalogue;
const renamed = ({ after_data, ...message }: Moved) => ({
  ...message,
  after_data: { address: after_data.street, country: after_data.country },
});

it.each([movedV2, movedPlain])("an older type is decrypted as itself, and then upcast to $type", async (newest) => {
  const broker = createTestBroker();
  await using publishing = createTestMessagingFor(catalogue, { service: "old", broker });
  for (const entity_id of [1, 2]) {
    await publishing.publish(moved, { entity_id, after_data: { street: `canary ${entity_id}`, country: "SE" } });
  }
  broker.forget("person", 2);
  await using handling = createTestMessagingFor(catalogue, {
    ...{ service: "new", broker, startFrom: "all", logger: { info() {}, warn() {}, error() {} } },
    upcasters: [upcaster(moved, newest, renamed as never)],
  });
  const addresses = new Map<number, unknown>();
  handling.on(newest, ({ entity_id, after_data }) => void addresses.set(entity_id, after_data.address));
  await handling.start();
  await handling.settled();
  expect(addresses.get(1)).toBe("canary 1");
  if (newest === movedV2) expect(isErased(addresses.get(2))).toBe(true);
  else {
    expect(addresses.has(2)).toBe(false);
    const letters = [];
    for await (const letter of handling.deadLetters.list("events")) letters.push(letter);
    expect(letters.map(({ errors }) => errors.at(-1)?.code)).toEqual(["UPCAST_FAILED"]);
    expect(JSON.stringify(letters.map(({ errors }) => errors))).not.toContain("canary");
  }
});
