import type { Ajv2020, Code } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { limitFormErrors, makeNoFormErrors } from "../../runtime/contract/form-errors.js";
import { formats, tolerantFormats } from "../../runtime/contract/format.js";
import { loadAjv } from "../../runtime/contract/load-ajv.js";
import { withNumberBounds } from "../../runtime/contract/number-bounds.js";
import { ajvFor, closeSchema, type FormatChecks } from "../../runtime/contract/validation.js";
import type { Message, Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";
import { compact } from "./view/schema-file.js";

/** The code of a message's checks, each an expression that is a function. */
export interface CheckCode {
  readonly name: "write" | "read" | "writeResult" | "readResult";
  readonly code: string;
}

/** Has Ajv write the checks that the runtime would otherwise compile, with the same strictness. */
export function checksOf({ schema, result }: Message, { flattener }: Model): readonly CheckCode[] {
  const whole = compact(flattener.whole(schema));
  const answer = result === undefined ? undefined : compact(flattener.whole(result.schema));
  return [
    { name: "write", code: writerOf(whole) },
    { name: "read", code: readerOf(whole) },
    ...(answer === undefined ? [] : [{ name: "writeResult", code: writerOf(answer) } as const]),
    ...(answer === undefined ? [] : [{ name: "readResult", code: readerOf(answer) } as const]),
  ];
}

/** Every issue of a message that its caller composed. */
function writerOf(schema: Schema): string {
  return checkOf(withNumberBounds(closeSchema(schema)), formats, true);
}

/** The first issue of a message that is not trusted. */
function readerOf(schema: Schema): string {
  return checkOf(withNumberBounds(schema), tolerantFormats, false);
}

/** A choice has a check that only decides, too, since to tell what is wrong with each form takes longer. */
function checkOf(schema: Schema, checks: FormatChecks, allErrors: boolean): string {
  if (!hasChoice(schema)) return codeOf(ajvWith(checks, allErrors), schema);
  const [decide, explain] = [ajvWith(checks, false), ajvWith(checks, allErrors)];
  makeNoFormErrors(decide);
  limitFormErrors(explain);
  return `checkSupport.explainedBy(${codeOf(decide, schema)}, ${codeOf(explain, schema)})`;
}

function hasChoice(schema: Schema): boolean {
  return /"(?:anyOf|oneOf)":/.test(JSON.stringify(schema));
}

function ajvWith(checks: FormatChecks, allErrors: boolean): Ajv2020 {
  const { _ } = loadAjv();
  const place: Code = checks === formats ? _`checkSupport.formats` : _`checkSupport.tolerantFormats`;
  const code = { source: true, esm: true, formats: place };
  // A type is written once, however many messages' parts have it.
  return ajvFor(checks, allErrors, { code, inlineRefs: false, messages: false });
}

/** What Ajv requires of its own, and the runtime has. */
const REQUIRED = 'require("ajv/dist/runtime/ucs2length").default';
/** A name of a constant. In an object literal this one, unlike any other, would set the prototype. */
const PROTOTYPE = /(?<!\\)"__proto__":/g;

function codeOf(ajv: Ajv2020, schema: Schema): string {
  const module = standalone.default(ajv, ajv.compile(schema));
  const [head = "", name] = /^"use strict";\s*export const validate = (\w+);\s*export default \w+;/.exec(module) ?? [];
  if (name === undefined) throw new Error("Ajv writes its code in another form than this version of merp knows");
  const body = module
    .slice(head.length)
    .replaceAll(REQUIRED, "checkSupport.charactersIn")
    .replace(PROTOTYPE, '["__proto__"]:');
  return `(() => {${body}return ${name};})()`;
}
