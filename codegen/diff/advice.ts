import type { ChangeRule } from "./change.js";

/** What an edit does to services that run, or to their sources. */
export type Verdict =
  | "breaks-old-readers"
  | "breaks-new-readers"
  | "breaks-both"
  | "loses-data"
  | "may-break"
  | "breaks-source"
  | "safe";

/** What a verdict says in a line; the worst first. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  "breaks-both": "breaks old and new readers",
  "breaks-old-readers": "breaks old readers",
  "breaks-new-readers": "breaks new readers",
  "loses-data": "loses data",
  "may-break": "may break",
  "breaks-source": "breaks source code",
  safe: "safe",
};

/** In which order services with the edit go into service; by verdict, the worst first. */
export const orders: Readonly<Record<Verdict, string>> = {
  "breaks-both": "no order does: make a new type of message, and remove this one when nobody writes it any more",
  "breaks-old-readers": "readers first: each service that reads it, then those that write it",
  "breaks-new-readers":
    "writers first: then the readers, once no old message lies in a stream, is pending, parked or a dead letter",
  "loses-data": "no order does: keep the old name beside the new one for as long as old messages lie anywhere",
  "may-break": "as if it broke what it may break",
  "breaks-source": "any order; the compiler tells where code has to follow",
  safe: "any order",
};

const BESIDE = "add a property with another name instead, and deprecate this one";

/** What to do instead. */
const remedies: Readonly<Partial<Record<ChangeRule, string>>> = {
  "message-removed": "deprecate it, and remove it when nobody writes it and none lies in a stream",
  "message-renamed": "keep the old type, deprecated, beside the new one until no service uses it",
  "message-kind": "make a new type of message of that kind, and keep this one until no service uses it",
  "property-added": "make it optional, and let the readers supply what they take for it",
  "property-removed": "keep it in the schema, deprecated, until nothing reads it",
  "property-renamed": "add the new name as an optional property, write both, and remove the old one later",
  "property-required": "leave it optional, and have the writers give it",
  "property-optional": "leave it required, or first deploy readers that can do without it",
  "type-changed": BESIDE,
  "type-narrowed": 'keep the wider type as a form of "anyOf" with "tolerated": true, which is read and never written',
  "type-widened":
    'first add the new type as a form of "anyOf" with "tolerated": true, deploy it, then drop "tolerated"',
  "enum-value-added": 'first add it in a form of "anyOf" with "tolerated": true, deploy it, then drop "tolerated"',
  "enum-value-removed": 'keep it in a form of "anyOf" with "tolerated": true, which is read and never written',
  "enum-changed": 'add what is new, keep what is old in a form of "anyOf" with "tolerated": true',
  "const-changed": BESIDE,
  "limit-tightened": 'keep the wide limit in a form of "anyOf" with "tolerated": true, which is read and never written',
  "limit-loosened": "first deploy the readers with the wider limit",
  "limit-changed": BESIDE,
  "format-changed": BESIDE,
  "pattern-changed": BESIDE,
  "object-opened": "first deploy the readers",
  "object-closed": 'leave "additionalProperties" out: a writer is held to the declared names anyway',
  "names-changed": "declare the names as properties, or allow both patterns",
  "items-changed": BESIDE,
  "form-added": 'add the form with "tolerated": true first, deploy it, then drop "tolerated"',
  "form-removed": 'mark the form as "tolerated": true instead: it is read and no longer written',
  "choice-changed": "give each form a constant of its own that tells it from the others",
  "condition-changed": "check the condition in the writers, and leave the schema as it was",
  "encrypt-changed":
    'go through "read" and "write" instead, one step at a time: each step is deployed everywhere before the next',
  "subject-changed":
    "encrypt another property for the person, and leave this one as it is until no message of it is left",
  "tolerated-removed": "first deploy the readers that know the form",
};

/** The way out of a change that breaks something. */
export function remedyOf(rule: ChangeRule): string {
  return remedies[rule] ?? BESIDE;
}
