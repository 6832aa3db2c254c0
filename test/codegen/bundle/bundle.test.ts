import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Ajv } from "ajv";
import { Ajv2020, type Options, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BundleOptions, bundlesOf } from "../../../codegen/bundle/bundle.js";
import { TOLERANT_INSTANT } from "../../../codegen/bundle/tolerant-instant.js";
import { catalogue, type Descriptor } from "../../../generated/index.js";
import { typeOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { formats } from "../../../runtime/contract/format.js";
import { isTolerantInstant } from "../../../runtime/contract/instant.js";
import { defineEvent, type JsonSchema } from "../../../runtime/index.js";
import { runs } from "../../support/runs.js";
import { variants } from "../../support/variants.js";
import { $defs, schema, value } from "../model/layered.js";

const ROOT = new URL("../../../", import.meta.url);
/** Every message with `RUNS`, else a part of them. */
const STEP = process.env["RUNS"] === undefined ? 9 : 1;

/** A validator as anyone has it: it knows no keyword of ours, and of the formats what JSON Schema says. */
const options: Options = {
  strict: true,
  strictTypes: false,
  strictRequired: false,
  strictTuples: false,
  allowMatchingProperties: true,
  formats: formats as Record<string, (text: string) => boolean>,
};
const plain = {
  "2020-12": (schema: object): ValidateFunction => new Ajv2020(options).compile(schema),
  "7": (schema: object): ValidateFunction => new Ajv(options).compile(schema),
} as const;

interface Entry {
  readonly fields: Readonly<Record<string, string>>;
}

/** What services in the field write, as a handler is given it. */
const written = ["vectors.json", "field-vectors.json", "field-call-sites.json"].flatMap((file) => {
  const text = readFileSync(new URL(`test/wire/${file}`, ROOT), "utf8");
  return (JSON.parse(text) as { readonly entries: readonly Entry[] }).entries.map(({ fields }) => {
    const flat = Object.entries(fields).flat();
    const type = typeOf(flat) ?? "health.report";
    const descriptor = catalogue.messages.find((message) => message.type === type) as Descriptor;
    return { descriptor, message: contractOf(descriptor).read(flat) };
  });
});

/** Messages of a type: its examples, and what the field writes. */
function messagesOf(descriptor: Descriptor): readonly unknown[] {
  const examples = (schema: JsonSchema): readonly unknown[] => (schema["examples"] ?? []) as readonly unknown[];
  const name = descriptor.kind === "health" ? "report" : descriptor.type;
  const file = JSON.parse(
    readFileSync(new URL(`schemas/${descriptor.stream}/${name}.json`, ROOT), "utf8"),
  ) as JsonSchema;
  return [...examples(file), ...written.filter((one) => one.descriptor === descriptor).map(({ message }) => message)];
}

/** The schema of a message for a reader or a writer. */
function bundleOf(descriptor: Descriptor, options: BundleOptions): object {
  const [message] = bundlesOf({ descriptor, name: "Message" }, options);
  return message?.schema ?? {};
}

describe("a bundled schema", () => {
  it.each(["2020-12", "7"] as const)(
    "of draft %s is judged by any validator as the runtime judges, of messages of the field and of what differs from them",
    (draft) => {
      let tried = 0;
      for (const descriptor of catalogue.messages.filter((_, at) => at % STEP === 0)) {
        const reads = plain[draft](bundleOf(descriptor, { draft }));
        const writes = plain[draft](bundleOf(descriptor, { draft, side: "writer" }));
        const contract = contractOf(descriptor);
        for (const message of messagesOf(descriptor).flatMap((one) => [...variants(one)])) {
          tried++;
          const found = [reads(message), writes(message)];
          const may = [contract.readerViolations(message) === undefined, contract.violations(message).length === 0];
          if (!isDeepStrictEqual(found, may))
            expect([descriptor.type, message, found]).toEqual([descriptor.type, message, may]);
        }
      }
      expect(tried).toBeGreaterThan(200);
    },
  );

  it("for readers takes all that services in the field write", () => {
    const checks = new Map<Descriptor, ValidateFunction>();
    for (const { descriptor, message } of written) {
      const check = checks.get(descriptor) ?? plain["2020-12"](bundleOf(descriptor, {}));
      checks.set(descriptor, check);
      expect([message, check(message)]).toEqual([message, true]);
    }
  });

  it("is judged as the runtime judges with random layers, forms and conditions, and names that are plain", () => {
    const { numRuns, seed } = runs(12);
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 8, maxLength: 8 }), (given, values) => {
        const whole = { ...given, $defs } as JsonSchema;
        const descriptor = defineEvent("a.b", whole);
        const contract = contractOf(descriptor);
        for (const side of ["reader", "writer"] as const) {
          const [bundle] = bundlesOf({ descriptor, name: "Message" }, { side });
          const made = bundle?.schema as JsonSchema;
          for (const name of Object.keys(made.$defs ?? {})) expect(name).toMatch(/^[A-Za-z_]\w*$/);
          const check = plain["2020-12"](made);
          for (const one of values) {
            const issues = side === "reader" ? contract.readerViolations(one) : contract.violations(one);
            expect([side, one, check(one)]).toEqual([side, one, issues === undefined || issues.length === 0]);
          }
        }
      }),
      { numRuns, seed },
    );
  });

  it("bounds whole numbers as the runtime does, leaves our keywords out, and of forms that are tolerated tells readers alone", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        n: { type: "integer", sensitive: true },
        at: { anyOf: [{ type: "string" }, { type: "number", tolerated: true }] },
      },
    };
    const descriptor = defineEvent("a.b", schema);
    const [reads, writes] = (["reader", "writer"] as const).map((side) => {
      const bundle = bundleOf(descriptor, { side });
      expect(JSON.stringify(bundle)).not.toMatch(/sensitive|tolerated/);
      return plain["2020-12"](bundle);
    });
    const verdicts = [{ n: 2 ** 53 }, { n: 2 ** 53 - 1 }, { at: 1 }, { at: "x" }, { more: 1 }].map((one) => [
      reads?.(one),
      writes?.(one),
    ]);
    expect(verdicts).toEqual([
      [false, false],
      [true, true],
      [true, false],
      [true, true],
      [true, false],
    ]);
  });

  it("matches an instant where a reader does, but for leap seconds of other zones", () => {
    const pattern = new RegExp(TOLERANT_INSTANT, "u");
    const number = (most: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: most }).map((at) => String(at).padStart(2, "0"));
    const year = fc.oneof(
      fc.constantFrom("1900", "2000", "2024", "2025", "2100", "0000"),
      fc.integer({ min: 0, max: 9999 }).map((at) => String(at).padStart(4, "0")),
    );
    const zone = fc.oneof(
      fc.constantFrom("", "Z", "z", "+00:00", "-00:00"),
      fc
        .tuple(fc.constantFrom("+", "-"), number(25), number(61))
        .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
    );
    const clock = fc.oneof(
      fc.constant("23:59:60"),
      fc.tuple(number(25), number(61), number(61)).map((parts) => parts.join(":")),
    );
    const text = fc
      .tuple(
        year,
        number(13),
        fc.oneof(number(32), fc.constantFrom("28", "29", "30", "31")),
        fc.constantFrom("T", "t", " ", "_"),
        clock,
        fc.constantFrom("", ".5", ".", ".123456"),
        zone,
      )
      .map(([y, m, d, separator, time, fraction, offset]) => `${y}-${m}-${d}${separator}${time}${fraction}${offset}`);
    const { numRuns, seed } = runs(3000);
    fc.assert(
      fc.property(text, (instant) => {
        fc.pre(!/:60(?:\.\d+)?[+-]/.test(instant) || /[+-]00:00$/.test(instant));
        expect([instant, pattern.test(instant)]).toEqual([instant, isTolerantInstant(instant)]);
      }),
      { numRuns, seed },
    );
  });
});
