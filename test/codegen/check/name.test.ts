import { describe, expect, it } from "vitest";
import { type Files, problemsOf, sound } from "../catalogue.js";

const EVENT = "events/order.placed.json";
const HEALTH = "health/beat.json";
const text = { type: "string" };
const payload = { type: "object", properties: { id: text } };

const commandOf = (payloadSchema: object, definitions: object = {}): object => ({
  description: "Places an order.",
  type: "object",
  properties: { command_type: { const: "place" }, payload: payloadSchema },
  required: ["payload"],
  examples: [{ command_type: "place", payload: {} }],
  $defs: { result: { type: "null" }, ...definitions },
});
const beat = {
  description: "A service lives.",
  type: "object",
  properties: { service_name: text },
  examples: [{}],
};
const definitions = (...names: readonly string[]): object => ({
  $defs: Object.fromEntries(names.map((name) => [name, text])),
});

const problemsBeside = (files: Files): Promise<readonly string[]> => problemsOf({ ...sound, ...files });
const twice = (name: string, other: string): string =>
  `"${name}" is also generated from schemas/${other}; choose another "title" for one of them`;

describe("a name that another file makes too", () => {
  it.each<[string, Files, string]>([
    [
      "the file's own",
      { "types/a.json": definitions("Order") },
      `types/order.json:2:12 /title: ${twice("Order", "types/a.json (Order)")}`,
    ],
    [
      "that of one of its definitions",
      { "types/z.json": definitions("OrderId") },
      `types/z.json:3:16 /$defs/OrderId: ${twice("OrderId", "types/order.json (OrderId)")}`,
    ],
    [
      "that of a command's payload",
      { "commands/place.json": commandOf(payload), "types/a.json": { title: "PlacePayload", ...text } },
      `types/a.json:2:12 /title: ${twice("PlacePayload", "commands/place.json")}`,
    ],
    [
      "that of a command's result",
      { "commands/place.json": commandOf(payload), "types/a.json": { title: "PlaceResult", ...text } },
      `types/a.json:2:12 /title: ${twice("PlaceResult", "commands/place.json")}`,
    ],
    [
      "that of a message without a type of its own",
      { [HEALTH]: beat, "types/health-beat.json": text },
      `types/health-beat.json:1:1: ${twice("HealthBeat", HEALTH)}`,
    ],
    [
      "that of such a message with a title",
      { [HEALTH]: { title: "Order", ...beat } },
      `types/order.json:2:12 /title: ${twice("Order", HEALTH)}`,
    ],
    [
      "that of the interface of handlers",
      { "types/a.json": { title: "OrderEventHandlers", ...text } },
      `${EVENT}:1:1: ${twice("OrderEventHandlers", "types/a.json")}`,
    ],
  ])("is reported where it is given: %s", async (_, files, problem) => {
    expect(await problemsBeside(files)).toEqual([`schemas/${problem}`]);
  });
});

describe("a name that only seems to be there twice", () => {
  it.each<[string, Files]>([
    ["an event has no result", { "types/a.json": { title: "OrderPlacedResult", ...text } }],
    [
      "a command's payload is its definition of that name",
      { "commands/place.json": commandOf({ $ref: "#/$defs/PlacePayload" }, { PlacePayload: payload }) },
    ],
    [
      "commands have no interface of handlers by the first word",
      { "commands/place.json": commandOf(payload), "types/a.json": { title: "PlaceEventHandlers", ...text } },
    ],
  ])("is accepted: %s", async (_, files) => {
    expect(await problemsBeside(files)).toEqual([]);
  });
});

it.each([
  ["delete", '"delete" is a reserved word in TypeScript; choose another "title"'],
  ["an order", '"an order" is not a valid name in TypeScript; choose another "title" (did you mean "AnOrder"?)'],
  ["123 4", '"123 4" is not a valid name in TypeScript; choose another "title"'],
])(
  "the title of a message is no name, which is reported once for all that is derived from it: %s",
  async (title, sentence) => {
    const problems = await problemsBeside({ [EVENT]: { title, ...sound[EVENT] } });
    expect(problems).toEqual([`schemas/${EVENT}:2:12 /title: ${sentence}`]);
  },
);
