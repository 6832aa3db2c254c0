import * as fc from "fast-check";

import type { JsonSchema } from "../../contract/json-schema.js";
import { fitting } from "./fitting.js";
import { limit } from "./limit.js";

/** Any characters, control ones too, but whole: a lone surrogate is no Unicode. */
export const anyText: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 20 });

/** Texts by a schema. */
export function textOf(schema: JsonSchema): fc.Arbitrary<string> {
  const { format, pattern } = schema as { readonly format?: string; readonly pattern?: string };
  const minLength = limit(schema, "minLength", 0);
  const maxLength = limit(schema, "maxLength", minLength + 40);
  const fits = (text: string): boolean => {
    const { length } = [...text];
    return length >= minLength && length <= maxLength;
  };
  if (pattern !== undefined)
    return fitting(
      fc.stringMatching(new RegExp(pattern, "u")),
      fits,
      `a text of the pattern ${pattern} and its length`,
    );
  const known = format === undefined ? undefined : formatted[format];
  if (known !== undefined) return fitting(known, fits, `a text of the format ${format} and its length`);
  return fc.string({ unit: "binary", minLength, maxLength: Math.min(maxLength, minLength + 20) });
}

/** As services write them: more or fewer digits, and other zones than UTC. */
const instant = fc
  .tuple(
    fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true }),
    fc.constantFrom("", ".7", ".123456", ".123456789"),
    fc.constantFrom("Z", "+00:00", "-05:30", "+14:00"),
  )
  .map(([date, fraction, zone]) => `${date.toISOString().slice(0, 19)}${fraction}${zone}`);

const formatted: Readonly<Record<string, fc.Arbitrary<string> | undefined>> = {
  uuid: fc.uuid(),
  email: fc.emailAddress(),
  hostname: fc.domain(),
  ipv4: fc.ipV4(),
  ipv6: fc.ipV6(),
  uri: fc.webUrl(),
  date: instant.map((text) => text.slice(0, 10)),
  time: instant.map((text) => text.slice(11)),
  "date-time": instant,
};
