import * as fc from "fast-check";
import {
  companyCreated,
  healthReport,
  successNotification,
  userCreated,
  validateToken,
} from "../../generated/index.js";
import {
  exampleCompanyCreated,
  exampleHealthReport,
  exampleSuccessNotification,
  exampleUserCreated,
  exampleValidateToken,
} from "../../generated/testing.js";
import { encodeResponse } from "../../runtime/command/answer.js";
import { contractOf } from "../../runtime/contract/contract.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import { indexed } from "../../runtime/redis/letters.js";
import { handoverMember } from "../../runtime/redis/lua/handover.js";

/** One of each kind, and one in the other encoding. */
export const DESCRIPTORS = [
  userCreated,
  companyCreated,
  validateToken,
  successNotification,
  healthReport,
] as unknown as readonly Descriptor[];

const examples = [
  contractOf(userCreated).write({ ...exampleUserCreated() }, "fields"),
  contractOf(companyCreated).write({ ...exampleCompanyCreated() }, "json"),
  contractOf(validateToken as never).write({ ...exampleValidateToken() } as never, "fields"),
  contractOf(successNotification).write({ ...exampleSuccessNotification() }, "fields"),
  contractOf(healthReport).write({ ...exampleHealthReport() }, "fields"),
];
const error = JSON.stringify({ at: "2026-11-23T10:30:00Z", name: "Error", message: 'a "b" {', code: "E" });

/** A dead letter's fields. */
const LETTER = [
  ...["stream", "events", "group", "g", "consumer", "c", "entry_id", "1-0", "attempts", "2", "errors", `[${error}]`],
  ...["type", "user.created", "reason", "E", "failed_at", "2026-11-23T10:30:00Z", "original", "4:name,5:value,"],
];
export const ENTRIES: readonly (readonly string[])[] = [...examples, LETTER];

/** A valid record of each kind that we keep in Redis or are sent. */
export const RECORDS: readonly string[] = [
  encodeResponse("question", { success: true, result: { valid: true } }, 5),
  encodeResponse("question", { success: false, error: "no", errorCode: "E_NO" }, 5),
  JSON.stringify({ ...exampleSuccessNotification(), entry_id: "1700000000000-0" }),
  JSON.stringify(exampleUserCreated()),
  error,
  `[${error},${error}]`,
  '{"state":"redriven","at":"2026-11-23T10:30:00Z","by":"ada","entryId":"1-0"}',
  '{"state":"discarded","at":"2026-11-23T10:30:00Z","by":"ada","reason":"a test"}',
  '\n"user.created"\nuntyped\n',
  'left\n"user.created"\n',
  "?1700000000000",
  "1700000000000-0",
  "18446744073709551615-18446744073709551615",
  "99999999999999999999-0",
  "-10",
  "-inf",
  "inf",
  "nan",
  "1e308",
  "9007199254740993",
  "18446744073709551616",
  "0x10",
  "5:junk,",
  "-1:x,",
  "999999999999:x,",
  handoverMember({ id: "1-0", type: "mine", isSuspect: false }),
  `"mine"\n0${"9".repeat(40)}`,
  indexed("g", "open", "1-0"),
  "parked",
  "handover",
  "version",
  "(1-0",
  "+",
  "$",
  "[".repeat(3000),
  '{"a":'.repeat(3000),
  "{".repeat(20_000),
  '{"__proto__":{"polluted":true},"constructor":1}',
];

const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...RECORDS) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
);

/** Arbitrary text, and valid records of every kind: whole, cut, with something put in, and after another. */
export const junk: fc.Arbitrary<string> = fc.oneof(
  part,
  fc.tuple(part, fc.nat(), fc.nat()).map(([text, from, to]) => {
    const cut = text.length === 0 ? 0 : from % text.length;
    return text.slice(cut, cut + (to % (text.length + 1)));
  }),
  fc.tuple(part, part, fc.nat()).map(([text, other, at]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + other.slice(0, 200) + text.slice(place);
  }),
);

/** An entry's fields: a valid entry of any kind with some of its texts replaced, or none at all. */
export const junkFields: fc.Arbitrary<string[]> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...ENTRIES), fc.array(fc.tuple(fc.nat(), junk), { maxLength: 3 }))
    .map(([fields, changes]) => {
      const changed = [...fields];
      for (const [at, text] of changes) changed[at % changed.length] = text;
      return changed;
    }),
  fc.array(fc.tuple(junk, junk), { maxLength: 8 }).map((pairs) => pairs.flat()),
);
