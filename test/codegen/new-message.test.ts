import { expect, it } from "vitest";
import { sound } from "./catalogue.js";
import { Scratch } from "./scratch.js";

const placed = sound["events/order.placed.json"];

/** A service that uses what one new schema file brings forth, and what must not compile. */
const service = `
import { createMessaging, type OrderEventHandlers, type OrderShipped, onOrderShipped, publishOrderShipped, registerHandlers } from "./generated/index.js";
import { exampleOrderShipped } from "./generated/testing.js";

const messaging = createMessaging({ service: "shop" });

class Shop implements Pick<OrderEventHandlers, "onOrderShipped"> {
  onOrderShipped(event: OrderShipped): void {
    console.log(event.after_data.total.toFixed(2));
  }
}

onOrderShipped(messaging, ({ entity_id, after_data }) => console.log(entity_id + 1, after_data.note?.length));
messaging.on("order.*", (event) => console.log(event.event_type === "order.shipped" && event.carrier.length));
registerHandlers(messaging, new Shop());
await publishOrderShipped(messaging, { entity_id: 7, after_data: { total: 12.5 }, carrier: "bicycle" });
console.log(exampleOrderShipped({ after_data: { note: "ring twice" } }).after_data.total);

// @ts-expect-error the carrier is missing
await publishOrderShipped(messaging, { entity_id: 7, after_data: { total: 12.5 } });
// @ts-expect-error a misspelt property
await publishOrderShipped(messaging, { entity_id: 7, after_data: { totl: 12.5 }, carrier: "bicycle" });
// @ts-expect-error an id of the wrong type
await publishOrderShipped(messaging, { entity_id: "7", after_data: { total: 12.5 }, carrier: "bicycle" });
// @ts-expect-error the event has no such property
onOrderShipped(messaging, (event) => console.log(event.before_data));
`;

it("gives a typed helper, handler and example for one new schema file and one command, with no other edit", async () => {
  await using scratch = await Scratch.create({ ...sound, "catalogue.json": { name: "shop" } });
  expect((await scratch.merp("generate")).code).toBe(0);

  await scratch.writeSchemas({
    "events/order.shipped.json": {
      ...placed,
      description: "An order left the house.",
      properties: { ...placed.properties, event_type: { const: "order.shipped" }, carrier: { type: "string" } },
      required: ["after_data", "carrier"],
      examples: [{ ...placed.examples[0], event_type: "order.shipped", carrier: "bicycle" }],
    },
  });
  expect((await scratch.merp("generate")).code).toBe(0);

  await scratch.write("service.ts", service);
  expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
});
