import { describe, expect, it } from "vitest";
import { defineCommand, defineEvent, defineHealth, defineNotification } from "../../../runtime/contract/define.js";
import type { Catalogue, Descriptor } from "../../../runtime/contract/descriptor.js";
import { ConfigError, UsageError } from "../../../runtime/errors.js";
import {
  admits,
  commandOf,
  type Route,
  type RouteOptions,
  Router,
  suits,
  wants,
} from "../../../runtime/handle/router.js";
import { currentCorrelation } from "../../../runtime/messaging/correlation.js";

const schema = { type: "object" } as const;
const placed = defineEvent("order.placed", schema) as unknown as Descriptor;
const paid = defineEvent("order.paid", schema) as unknown as Descriptor;
const created = defineEvent("orders.created", schema, { stream: "other" }) as unknown as Descriptor;
const create = defineCommand("order.create", schema, schema) as unknown as Descriptor;
const notified = defineNotification("order.note", schema) as unknown as Descriptor;
const report = defineHealth("report", schema) as unknown as Descriptor;
const catalogue: Catalogue = {
  name: "shop",
  encoding: "fields",
  messages: [placed, paid, created, create, notified, report],
};

const handler = (): void => {};

/** The types for which a router has handlers, by stream. */
function typesOf(...targets: readonly (Descriptor | string)[]): Record<string, string[]> {
  const router = new Router(catalogue);
  for (const target of targets) router.add(target, handler);
  return Object.fromEntries(router.streams().map(({ stream, byType }) => [stream, [...byType.keys()]]));
}

/** The one route that these options give. */
function route(descriptor: Descriptor, options: RouteOptions = {}): Route {
  const router = new Router(catalogue);
  router.add(descriptor, handler, options);
  return [...(router.streams()[0]?.byType.values() ?? [])].flat()[0] as Route;
}

describe("a router", () => {
  it.each<[string, Record<string, string[]>]>([
    ["order.placed", { events: ["order.placed"] }],
    ["order.*", { events: ["order.placed", "order.paid"] }],
    ["*", { events: ["order.placed", "order.paid"], other: ["orders.created"] }],
  ])("takes by the pattern %s the events that match, and nothing else", (pattern, types) => {
    expect(typesOf(pattern)).toEqual(types);
  });

  it.each([
    ["order", "; did you mean order.*?"],
    ["order.p*", "; did you mean order.*?"],
    ["orders.creatd", "; did you mean orders.created?"],
    ["invoice.written", ""],
    ["", ""],
  ])("refuses %j, which matches no event, and names what may be meant", (pattern, meant) => {
    const text = `the pattern "${pattern}" matches no event of this catalogue; it knows order.*, orders.*, *${meant}`;
    expect(() => typesOf(pattern)).toThrow(new ConfigError([text]));
  });

  it("refuses an option that does not exist: a misspelt filter would let everything through", () => {
    const misspelt = { companyId: 7, maxRetry: 1, where: () => true } as RouteOptions;
    expect(() => route(placed, misspelt)).toThrow(
      new ConfigError([
        "the option companyId does not exist; did you mean company_id?",
        "the option maxRetry does not exist; did you mean maxRetries?",
      ]),
    );
  });

  it("keeps the streams apart, and the handlers of a type in their order", () => {
    expect(typesOf(placed, notified, report)).toEqual({
      events: ["order.placed"],
      notifications: ["order.note"],
      health: ["report"],
    });
    const router = new Router(catalogue);
    const handlers = [(): void => {}, (): void => {}, (): void => {}];
    for (const one of handlers) router.add("order.*", one);
    const [{ byType } = { byType: new Map<string, Route[]>() }] = router.streams();
    for (const type of ["order.placed", "order.paid"]) {
      expect(byType.get(type)?.map((one) => one.handler)).toEqual(handlers);
    }
  });

  it("knows what has no type on the wire: health reports", () => {
    const router = new Router(catalogue);
    for (const one of [report, placed]) router.add(one, handler);
    const untyped = router.streams().map((one) => [one.stream, one.untyped?.map(({ descriptor }) => descriptor)]);
    expect(Object.fromEntries(untyped)).toEqual({ health: [report], events: undefined });
  });

  it("refuses two descriptors of one type and a second handler of a command", () => {
    const router = new Router(catalogue);
    for (const one of [placed, create]) router.add(one, handler);
    const conflict = expect.objectContaining({ code: "HANDLER_CONFLICT", message: expect.stringMatching(/^two diff/) });
    expect(() => router.add({ ...placed }, handler)).toThrow(conflict);
    expect(() => router.add(create, handler)).toThrow(UsageError);
    expect(() => router.add(create, handler)).toThrow(expect.objectContaining({ code: "HANDLER_CONFLICT" }));
    expect(() => router.add(create, handler)).toThrow("order.create has a handler already: a command has exactly one");
    router.add(placed, handler);
  });
});

const entry = (fields: Record<string, string>): string[] => Object.entries(fields).flat();
const json = entry({ message_type: "order.placed", json: "{}" });

describe("an entry that is not decoded yet", () => {
  it.each<[Descriptor, RouteOptions, Record<string, string>, boolean]>([
    [placed, {}, {}, true],
    [placed, { company_id: 7 }, { company_id: "7" }, true],
    [placed, { company_id: "7" }, { company_id: "8" }, false],
    [placed, { company_id: 7 }, {}, false],
    // Its company may stand in its metadata alone, as in JSON.
    [placed, { company_id: 7 }, { company_id: "", metadata: '{"company_id":7}' }, true],
    [placed, { company_id: 7 }, { metadata: '{"company_id":8}' }, true],
    [placed, { company_id: 7 }, { company_id: "8", metadata: '{"company_id":7}' }, false],
    [placed, { company_id: 7 }, { company_id: "", metadata: "{}" }, false],
    [notified, { company_id: 7 }, { target_company_id: "", metadata: '{"company_id":7}' }, true],
    [notified, { company_id: 7 }, { target_company_id: "7", company_id: "8" }, true],
    [notified, { company_id: 7 }, { target_company_id: "8", company_id: "7" }, false],
    // A command has its company in its metadata, which is not read here.
    [create, { company_id: 7 }, {}, true],
    [placed, { source_service: "shop" }, { source_service: "shop" }, true],
    [placed, { source_service: "shop" }, { source_service: "till" }, false],
    [create, { target_service: "shop" }, { target_service: "shop" }, true],
    [create, { target_service: "shop" }, { target_service: "till" }, false],
  ])("%o with %o and the fields %o: %s", (descriptor, options, fields, expected) => {
    expect(admits(route(descriptor, options), entry(fields))).toBe(expected);
  });

  it("may be for every route when it is JSON", () => {
    const options = { company_id: 7, source_service: "shop", target_service: "shop" };
    expect(admits(route(placed, options), json)).toBe(true);
  });
});

describe("a decoded message", () => {
  it.each<[RouteOptions, Record<string, unknown>, boolean]>([
    [{}, {}, true],
    [{}, { company_id: 7, source_service: "shop", target_service: "shop" }, true],
    [{ company_id: 7 }, { company_id: 7 }, true],
    [{ company_id: "7" }, { company_id: 7 }, true],
    [{ company_id: 7 }, { metadata: { company_id: 7 } }, true],
    [{ company_id: 7 }, { company_id: 8 }, false],
    [{ company_id: 7 }, {}, false],
    [{ source_service: "shop" }, { source_service: "shop" }, true],
    [{ source_service: "shop" }, { source_service: "till" }, false],
    [{ target_service: "shop" }, { target_service: "shop" }, true],
    [{ target_service: "shop" }, {}, false],
  ])("suits a route with %o: %o %s", (options, message, expected) => {
    expect(suits(route(placed, options), message)).toBe(expected);
  });

  it("is wanted when its route has no condition, or the condition holds, which sees the message's correlation", () => {
    expect(wants(route(placed), {})).toBe(true);
    for (const holds of [true, false]) {
      const seen: unknown[] = [];
      const where = (message: unknown): boolean => {
        seen.push(message, currentCorrelation()?.correlationId);
        return holds;
      };
      const message = { correlation_id: "one-request" };
      expect(wants(route(placed, { where }), message)).toBe(holds);
      expect(seen).toEqual([message, "one-request"]);
    }
  });
});

describe("a route", () => {
  it.each<[RouteOptions, boolean]>([
    [{}, false],
    [{ maxRetries: 1 }, false],
    [{ company_id: 0 }, true],
    [{ source_service: "" }, true],
    [{ target_service: "shop" }, true],
    [{ where: () => true }, true],
  ])("with %o may filter a message out: %s", (options, isFiltered) => {
    expect(route(placed, options)).toMatchObject({ descriptor: placed, handler, options, isFiltered });
  });

  it("of a command alone has a command's descriptor, and so a result", () => {
    expect(commandOf(route(create))).toBe(create);
    expect(commandOf(route(placed))).toBeUndefined();
  });
});
