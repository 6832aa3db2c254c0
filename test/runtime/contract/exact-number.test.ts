import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Contract, contractOf } from "../../../runtime/contract/contract.js";
import { INEXACT, inexactIn } from "../../../runtime/contract/exact-number.js";
import { pathOf } from "../../../runtime/contract/issue-path.js";
import { ContractError, DecodeError, defineEvent, type JsonSchema } from "../../../runtime/index.js";
import { runs } from "../../support/runs.js";

/** The place of the number in a text that becomes another one when the text is parsed. */
function foundIn(json: string): string | undefined {
  const inexact = inexactIn(json, JSON.parse(json));
  if (inexact !== undefined) expect(inexact.message).toBe(INEXACT);
  return inexact && pathOf(inexact.keys);
}

/** A fraction of whole numbers: the exact value of a decimal. */
function fractionOf(text: string): readonly [bigint, bigint] {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  return shift >= 0 ? [digits * 10n ** BigInt(shift), 1n] : [digits, 10n ** BigInt(-shift)];
}

function isSame(one: string, other: string): boolean {
  const [[a, b], [c, d]] = [fractionOf(one), fractionOf(other)];
  return a * d === c * b;
}

/** What is demanded, by arithmetic: a whole number is itself, and a decimal is what the double is written as. */
function isKept(text: string): boolean {
  const number = Number(text);
  if (!Number.isInteger(number) || Number.isSafeInteger(number)) return Number.isFinite(number);
  return isSame(text, BigInt(number).toString()) || (/[.eE]/.test(text) && isSame(text, String(number)));
}

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength, maxLength });
const whole = fc
  .tuple(fc.constantFrom("", "-"), fc.constantFrom(..."123456789"), digits(14, 24))
  .map((all) => all.join(""));
const near = fc
  .bigInt({ min: -2n, max: 2n })
  .chain((off) => fc.nat(80).map((power) => String(2n ** BigInt(power) + off)));
const decimal = fc
  .tuple(whole, digits(1, 5), fc.constantFrom("", "e0", "E3", "e+12", "e-4", "e-17", "e250"))
  .map(([before, after, exponent]) => `${before}.${after}${exponent}`);
const shortest = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value));
const number = fc.oneof(whole, near, decimal, shortest).filter((text) => Math.abs(Number(text)) < 1e300);

describe("a number in a text of JSON", () => {
  it.each([
    ['{"a":{"b":[1,2]},"c":9007199254740993}', "c"],
    ["[[1],[2,[3]],9007199254740993]", "[2]"],
    ['[{"a":1,"b":2},{"a":1,"b":9007199254740993}]', "[1].b"],
    ['{"path":"C:\\\\","n":9007199254740993}', "n"],
    ['{"a\\"b":9007199254740993}', '["a\\"b"]'],
  ])("is found behind what is nested or escaped: %s", (json, path) => expect(foundIn(json)).toBe(path));

  it("is found, with its place, if it becomes another one, and only then", () => {
    const name = fc.string({ unit: "binary", maxLength: 5 });
    void fc.assert(
      fc.property(number, name, fc.nat(3), fc.constantFrom("", " ", "\n\t"), (text, before, items, space) => {
        const list = [...Array.from({ length: items }, () => '"a\\"1234567890123456789"'), text, "1"].join(`${space},`);
        const json = `{${JSON.stringify(before)}:${space}"9007199254740993",${space}"odd name":${space}[${list}]${space}}`;
        expect(foundIn(json)).toBe(isKept(text) ? undefined : `["odd name"][${items}]`);
      }),
      runs(500),
    );
  });

  it("is found wherever it begins", () => {
    for (let shift = 0; shift < 40; shift++) expect(foundIn(`${" ".repeat(shift)}[9007199254740993]`)).toBe("[0]");
  });

  it.each([
    "1e23",
    "1e300",
    "9007199254740992",
    "1152921504606846976",
    "10000000000000000000000",
    "0.1234567890123456789",
    "1180591620717411303424.0",
    "0.001e25",
    `9007199254740992.${"0".repeat(601)}`,
  ])("is kept: %s", (text) => expect(foundIn(`[${text}]`)).toBeUndefined());

  it.each([
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.0",
    "9.007199254740993e15",
    `1${"0".repeat(400)}`,
    // So many zeros are not counted.
    `9007199254740992.${"0".repeat(602)}`,
  ])("is refused: %s", (text) => expect(foundIn(`[${text}]`)).toBe("[0]"));
});

const schema: JsonSchema = {
  type: "object",
  properties: {
    event_type: { const: "counted" },
    whole: { type: "integer" },
    decimal: { type: "number" },
    free: { type: "object", additionalProperties: true },
    list: { type: "array", items: { type: ["integer", "null"] } },
    either: { anyOf: [{ type: "integer" }, { type: "string" }] },
    typed: { type: "object", properties: { total: { $ref: "#/$defs/Total" } } },
  },
  $defs: { Total: { type: "integer", minimum: 0 } },
};
const contract: Contract = contractOf(defineEvent("counted", schema));

/** Each place of a message that can hold a number, with a message whose number there is written as a text. */
const places: readonly (readonly [path: string, json: (number: string) => string])[] = [
  ["whole", (number) => `{"whole":${number}}`],
  ["decimal", (number) => `{"decimal":${number}}`],
  ["free.deep[1].n", (number) => `{"free":{"deep":[0,{"n":${number}}]}}`],
  ["list[0]", (number) => `{"list":[${number}]}`],
  ["either", (number) => `{"either":${number}}`],
  ["typed.total", (number) => `{"typed":{"total":${number}}}`],
  ["typed.undeclared", (number) => `{"typed":{"undeclared":${number}}}`],
];

/** The entry of a message in either encoding, its numbers as they stand in its text. */
function entriesOf(json: string): Record<"json" | "fields", string[]> {
  const [, name = "", value = ""] = /^\{"(\w+)":(.*)\}$/s.exec(json) ?? [];
  return { json: ["message_type", "counted", "json", json], fields: ["event_type", "counted", name, value] };
}

describe.each(["json", "fields"] as const)("in the encoding %s", (encoding) => {
  it.each(places)("a number at %s that would become another one is refused by name when it is read", (path, json) => {
    for (const number of ["9007199254740993", "-1152921504606846977", "12345678901234567890123"]) {
      const read = (): unknown => contract.read(entriesOf(json(number))[encoding]);
      expect(read).toThrow(DecodeError);
      const [name = "", ...rest] = path.split(/(?=[.[])/);
      const shown = rest.length > 0 && encoding === "fields" ? `${name}: ${rest.join("").replace(/^\./, "")}` : path;
      expect(read).toThrow(`${shown} is a number that JavaScript cannot hold exactly: send it as text`);
      expect(read).not.toThrow(number);
    }
  });

  it.each(places)("the largest safe number at %s is read and written", (_, json) => {
    const message = JSON.parse(json("9007199254740991")) as Record<string, unknown>;
    expect(contract.read(entriesOf(json("9007199254740991"))[encoding])).toMatchObject(message);
    if (!("typed" in message)) expect(contract.write(message, encoding).join()).toContain("9007199254740991");
  });

  it.each(["whole", "list", "typed"])(
    "a whole number beyond it is refused in %s, where the schema wants one",
    (name) => {
      const json = places.find(([path]) => path.startsWith(name))?.[1] as (number: string) => string;
      const message = JSON.parse(json("9007199254740992")) as Record<string, unknown>;
      const refused = expect.objectContaining({ message: expect.stringContaining("must be <= 9007199254740991") });
      expect(() => contract.read(entriesOf(json("9007199254740992"))[encoding])).toThrow(refused);
      expect(() => contract.write(message, encoding)).toThrow(refused);
      expect(() => contract.assertWritable(message, encoding)).toThrow(refused);
    },
  );

  it.each([
    ["decimal", { decimal: 2 ** 60 }],
    ["free.deep[0]", { free: { deep: [2 ** 62 + 2 ** 20, 1] } }],
  ])("a number whose text is another one is not written: %s", (path, message) => {
    const issues = [{ path, message: expect.stringMatching(/^is a number that JavaScript cannot hold exactly: /) }];
    for (const write of [contract.write, contract.assertWritable]) {
      expect(() => write.call(contract, message, encoding)).toThrow(expect.objectContaining({ issues }));
    }
  });

  it.each([1e300, 1e21, -1.5e-7, 5e-324, Number.MAX_VALUE, 2 ** 53])(
    "the decimal %d comes back as it was",
    (number) => {
      const message = { event_type: "counted", decimal: number, free: { number } };
      expect(contract.read(contract.write(message, encoding))).toEqual(message);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("%d, of which JSON would make null, is not written", (number) => {
    const message = { free: { deep: [number] } };
    expect(() => contract.write(message, encoding)).toThrow(ContractError);
    expect(() => contract.write(message, encoding)).toThrow(/free\.deep\[0\] is an infinite number or NaN/);
  });

  it("is not written either where an object of a class says what is written", () => {
    const free = {
      total: new (class {
        toJSON = (): number => 2 ** 60;
      })(),
      at: new Date(0),
    };
    expect(() => contract.write({ free }, encoding)).toThrow(`free.total ${INEXACT}`);
    expect(contract.write({ free: { ...free, total: 1 } }, encoding).join()).toContain("1970");
  });

  it.each<[string, object]>([
    ["an object's own method", { toJSON: () => 2 ** 60 }],
    [
      "the method of its class",
      new (class {
        toJSON(): number {
          return 2 ** 60;
        }
      })(),
    ],
    [
      "a method beside what is nested more deeply than can be looked at",
      { deep: JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`), toJSON: () => 2 ** 60 },
    ],
  ])("is not written where %s gives it", (_, total) => {
    expect(() => contract.write({ free: { total } }, encoding)).toThrow(`free.total ${INEXACT}`);
  });

  it("NaN is found beside other numbers, but not where an object says what is written of it", () => {
    const at = (n: unknown): Record<string, unknown> => ({ free: { first: null, large: 2 ** 53, last: { n } } });
    expect(() => contract.write(at(Number.NaN), encoding)).toThrow(/free\.last\.n is an infinite number or NaN/);
    expect(contract.write(at({ of: Number.NaN, toJSON: () => 1 }), encoding).join()).toContain('"n":1');
    expect(contract.write(at(1), encoding).join()).toContain("9007199254740992");
  });

  it("is written as deep as JSON can be", () => {
    let free: object = { large: 2 ** 53 };
    for (let depth = 0; depth < 3000; depth++) free = { free };
    expect(contract.write({ free }, encoding).join()).toContain("9007199254740992");
  });

  it("is found in what is nested however deeply", () => {
    const json = `{"free":${'{"a":'.repeat(50_000)}9007199254740993${"}".repeat(50_000)}}`;
    expect(() => contract.read(entriesOf(json)[encoding])).toThrow(INEXACT);
  });

  it("a number too large for any double is refused where it is free", () => {
    const entry = entriesOf('{"free":{"n":1e400}}')[encoding];
    expect(() => contract.read(entry)).toThrow(/n is a number that JavaScript cannot hold/);
  });

  it("a text of many digits is what it is", () => {
    const entry = entriesOf('{"free":{"id":"9007199254740993"}}')[encoding];
    expect(contract.read(entry)).toMatchObject({ free: { id: "9007199254740993" } });
  });
});

describe("a Pub/Sub payload", () => {
  it.each(places)("with a number at %s that would become another one is refused", (path, json) => {
    expect(() => contract.readPayload(json("9007199254740993"))).toThrow(`${path} is a number`);
  });

  it("is refused also where it writes the number as text", () => {
    expect(() => contract.readPayload('{"whole":"9007199254740993"}')).toThrow("whole is a number");
  });
});

it("looks at the digits of no number that is certainly exact", () => {
  const many = (text: string): string => `[1e300${`,${text}`.repeat(1000)}]`;
  const [exec, big] = [vi.spyOn(RegExp.prototype, "exec"), vi.spyOn(globalThis, "BigInt")];
  const looks = (json: string): readonly number[] => {
    exec.mockClear();
    big.mockClear();
    expect(foundIn(json)).toBeUndefined();
    return [exec.mock.calls.length, big.mock.calls.length];
  };
  const few = looks("[1e300]");
  for (const text of ["1", "-12.5", "123456789012345", '"a"', "[7]"]) {
    expect([text, ...looks(many(text))]).toEqual([text, ...few]);
  }
  for (const text of ["1e300", "-1.25E99", "1.2345678901234567e300"]) expect(looks(many(text))[1]).toBe(0);
  vi.restoreAllMocks();
});
