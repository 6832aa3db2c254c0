import { type Files, sound } from "../catalogue.js";

/** A catalogue that grows in one way. */
export interface Shape {
  readonly name: string;
  /** The size that the generator has to cope with in two seconds. */
  readonly largest: number;
  readonly of: (size: number) => Files;
}

type Types = Readonly<Record<string, object>>;

const object = (properties: object): object => ({ type: "object", properties });
const text = { type: "string" };
const to = (name: string): object => ({ $ref: `#/$defs/${name}` });

function many<Value>(size: number, of: (at: number) => readonly [string, Value]): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: size }, (_, at) => of(at)));
}

/** A catalogue of one event with these data. */
function eventOf(data: object, $defs: Types = {}): Files {
  const event = sound["events/order.placed.json"];
  const examples = event.examples.map((example) => ({ ...example, after_data: {} }));
  const properties = { ...event.properties, after_data: data };
  return { ...sound, "events/order.placed.json": { ...event, $defs, properties, examples } };
}

/** Choices of choices of one value. */
function nestedChoices(levels: number): object {
  let choice: object = text;
  for (let level = 0; level < levels; level++) choice = { anyOf: [choice, object({ [`a${level}`]: text })] };
  return choice;
}

function nestedObjects(levels: number): object {
  let nested: object = text;
  for (let level = 0; level < levels; level++) nested = object({ a: nested });
  return nested;
}

/** As many nested objects as a file may have, beside each other. */
function nested(size: number): object {
  return object(many(size / 75, (at) => [`p${at}`, nestedObjects(75)]));
}

function ring(size: number, more: object = {}): Files {
  const types = many(size, (at) => [`R${at}`, object({ next: to(`R${(at + 1) % size}`), a: { ...text, ...more } })]);
  return eventOf(to("R0"), types);
}

function messages(size: number): Files {
  const { "events/order.placed.json": event, ...rest } = sound;
  const all = many(size, (at) => {
    const type = { const: `order.placed${at}` };
    const examples = event.examples.map((example) => ({ ...example, event_type: type.const }));
    const properties = { ...event.properties, event_type: type };
    return [`events/e${at}.json`, { ...event, $defs: { [`Note${at}`]: text }, properties, examples }];
  });
  return { ...rest, ...all };
}

function values(from: number, size: number): object {
  return { enum: Array.from({ length: size }, (_, at) => `value-${from + at}`) };
}

/** Every way in which a catalogue may become large. */
export const shapes: readonly Shape[] = [
  { name: "levels of choices in choices", largest: 18, of: (size) => eventOf(object({ x: nestedChoices(size) })) },
  { name: "definitions in a ring", largest: 5000, of: (size) => ring(size) },
  { name: "definitions in a ring, checked by Ajv", largest: 1000, of: (size) => ring(size, { pattern: "^x" }) },
  {
    name: "choices in a ring",
    largest: 1000,
    of: (size) => {
      const next = (at: number): object => object({ next: to(`R${(at + 1) % size}`) });
      return eventOf(
        to("R0"),
        many(size, (at) => [`R${at}`, { anyOf: [text, next(at)] }]),
      );
    },
  },
  {
    name: "types in a chain of names",
    largest: 1000,
    of: (size) =>
      eventOf(
        { type: "object" },
        many(size, (at) => [`N${at}`, at === 0 ? text : to(`N${at - 1}`)]),
      ),
  },
  { name: "objects in objects", largest: 1500, of: (size) => eventOf(nested(size)) },
  {
    name: "properties, all required",
    largest: 12_500,
    of: (size) => {
      const properties = many(size, (at) => [
        `property${at}`,
        { ...text, description: `The property of number ${at}.` },
      ]);
      return eventOf(object({ a: { ...object(properties), required: Object.keys(properties) } }));
    },
  },
  { name: "values of an enum", largest: 50_000, of: (size) => eventOf(object({ a: values(0, size) })) },
  {
    name: "values of two enums that are merged",
    largest: 50_000,
    of: (size) => eventOf(object({ a: { allOf: [values(0, size), values(1, size)] } })),
  },
  { name: "messages", largest: 4000, of: messages },
  {
    name: "problems",
    largest: 20_000,
    of: (size) => eventOf(object(many(size, (at) => [`p${at}`, { minLenght: 1 }]))),
  },
];
