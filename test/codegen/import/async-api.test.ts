import { describe, expect, it } from "vitest";
import { imported } from "./imported.js";

const components = {
  messages: {
    OrderPlaced: {
      title: "An order came in",
      payload: { $ref: "#/components/schemas/Order" },
      examples: [{ payload: { id: "o-7", to: { zip: "12345" } } }],
    },
    orderCancelled: { payload: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } },
    ReserveStock: { summary: "Keeps an article.", payload: { $ref: "#/components/schemas/Order" } },
    StockReserved: { payload: { type: "object", properties: { until: { type: "string", format: "date-time" } } } },
    avro: { schemaFormat: "application/vnd.apache.avro;version=1.9.0", payload: { type: "record" } },
    empty: { title: "Nothing" },
  },
  schemas: {
    Order: {
      type: "object",
      properties: { id: { type: "string" }, to: { $ref: "#/components/schemas/address" } },
      required: ["id"],
      discriminator: "id",
    },
    address: { properties: { zip: { type: "string" } } },
  },
};

const version2 = {
  asyncapi: "2.6.0",
  info: { title: "Shop", version: "1" },
  channels: {
    "orders/events": {
      subscribe: {
        message: {
          oneOf: [{ $ref: "#/components/messages/OrderPlaced" }, { $ref: "#/components/messages/orderCancelled" }],
        },
      },
    },
    "stock/commands": { publish: { message: { $ref: "#/components/messages/ReserveStock" } } },
    mail: {
      publish: { message: { name: "mail_sent", payload: { type: "object", properties: { to: { type: "string" } } } } },
    },
  },
  components,
};

const version3 = {
  asyncapi: "3.0.0",
  info: { title: "Shop", version: "1" },
  channels: {
    orders: { address: "shop.orders", messages: { placed: { $ref: "#/components/messages/OrderPlaced" } } },
    stock: { address: "shop.stock", messages: { ReserveStock: { $ref: "#/components/messages/ReserveStock" } } },
    stockReply: { messages: { StockReserved: { $ref: "#/components/messages/StockReserved" } } },
    people: {
      address: "notifications",
      messages: {
        shipped: {
          payload: {
            schemaFormat: "application/schema+json;version=draft-07",
            schema: { type: "object", properties: { id: { type: "string" } } },
          },
        },
      },
    },
  },
  operations: {
    reserve: {
      action: "send",
      channel: { $ref: "#/channels/stock" },
      messages: [{ $ref: "#/channels/stock/messages/ReserveStock" }],
      reply: { channel: { $ref: "#/channels/stockReply" } },
    },
  },
  components,
};

function messagesIn(files: object): readonly string[] {
  return Object.keys(files).filter((path) => /^(events|commands|notifications)\//.test(path));
}

const refusals = [
  ["/components/messages/avro/payload", "schema-format"],
  ["/components/messages/empty", "no-payload"],
];

describe("a document of AsyncAPI", () => {
  it("of version 2 becomes its messages, of the kinds that its channels are named after", async () => {
    const { files, hindrances, rules } = await imported({ "shop.json": version2 }, {}, "shop.json");
    expect(messagesIn(files)).toEqual([
      "events/order.placed.json",
      "events/order.cancelled.json",
      "commands/reserve_stock.json",
      "events/mail_sent.json",
      "events/stock.reserved.json",
    ]);
    expect(files["types/shop.json"]?.["$defs"]).toMatchObject({
      Order: { properties: { to: { $ref: "#/$defs/Address" } } },
      Address: { type: "object" },
    });
    expect(files["events/order.placed.json"]).toMatchObject({
      description: "An order came in",
      properties: { after_data: { $ref: "../types/shop.json#/$defs/Order" } },
      examples: [{ after_data: { id: "o-7", to: { zip: "12345" } } }],
    });
    expect(rules).toEqual(expect.arrayContaining(["kind", "discriminator", "missing-type", "made-example"]));
    expect(hindrances.map(({ pointer, rule }) => [pointer, rule])).toEqual(refusals);
  });

  it("of version 3 becomes its messages, and what is replied to becomes a command with that result", async () => {
    const { files, hindrances } = await imported({ "shop.json": version3 }, {}, "shop.json");
    expect(messagesIn(files)).toEqual([
      "commands/reserve_stock.json",
      "events/order.placed.json",
      "notifications/shipped.json",
      "events/order.cancelled.json",
    ]);
    expect(files["commands/reserve_stock.json"]).toMatchObject({
      description: "Keeps an article.",
      properties: { payload: { $ref: "../types/shop.json#/$defs/Order" } },
      $defs: { result: { $ref: "../types/shop.json#/$defs/ReserveStockAnswer" } },
    });
    expect(hindrances.map(({ pointer, rule }) => [pointer, rule])).toEqual(refusals);
  });

  it("takes payloads from other files, and refuses versions that it does not know", async () => {
    const messages = { placed: { payload: { $ref: "./order.json#/definitions/order" } } };
    const order = { definitions: { order: { type: "object", properties: { id: { type: "string" } } } } };
    const { files, hindrances } = await imported(
      { "api/shop.json": { asyncapi: "2.0.0", channels: {}, components: { messages } }, "api/order.json": order },
      {},
      "api/shop.json",
    );
    expect(hindrances).toEqual([]);
    expect(files["events/placed.json"]).toMatchObject({
      properties: { after_data: { $ref: "../types/order.json#/$defs/Order" } },
    });
    const old = await imported({ "a.json": { asyncapi: "1.2.0" }, "b.json": { asyncapi: "2.0.0", channels: {} } });
    expect(old.hindrances.map(({ rule, sentence }) => [rule, sentence])).toEqual([
      ["asyncapi-version", "AsyncAPI 1.2.0 is not known; versions 2 and 3 are"],
      ["no-message", "describes no message"],
    ]);
  });

  it("refuses messages that lead to each other and to nothing else", async () => {
    const messages = { a: { $ref: "#/components/messages/b" }, b: { $ref: "#/components/messages/a" } };
    const { hindrances } = await imported({ "a.json": { asyncapi: "2.0.0", components: { messages } } });
    expect([...new Set(hindrances.map(({ rule }) => rule))]).toEqual(["circular-reference"]);
  });
});
