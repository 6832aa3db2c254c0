import type { JsonSchema } from "./json-schema.js";
import { mapSchemas } from "./map-schema.js";
import { inPlace, reaches } from "./sensitive.js";

/**
 * How a value is encrypted. `true`: it is written as a ciphertext, and readers take nothing else. The two steps of a
 * migration take a ciphertext and a plain value alike: with `read` the plain value is still written, with `write` the
 * ciphertext is.
 */
export type Encrypt = true | "read" | "write";

/** What a schema says of a value that is encrypted. */
export interface EncryptMark {
  readonly encrypt: Encrypt;
  /** The fields that may name the person whose key encrypts it: `entity_id`, `user:payload.user_id`. The first one counts. */
  readonly subject: readonly string[] | undefined;
}

const NAME = "[A-Za-z0-9_-]";

/** The forms of a ciphertext: under a key by its id, under a key that comes along wrapped, under a person's own key. */
const FORMS = [`e1\\.${NAME}{1,64}`, `w1\\.${NAME}{1,64}\\.${NAME}{1,4096}`, `s1\\.${NAME}{22}`];

/** A ciphertext on the wire. After its last dot come nonce, ciphertext and tag, in base64url. */
export const CIPHERTEXT: string = `^(${FORMS.join("|")})\\.${NAME}{38,}$`;

/** What an erased value is, as long as its message is checked. No ciphertext and no text of a contract is this. */
export const ERASED_TEXT: string = "\u0000erased";

/** What a schema itself says of its value. */
function ownMark({ encrypt, subject }: JsonSchema): EncryptMark | undefined {
  if (encrypt !== true && encrypt !== "read" && encrypt !== "write") return undefined;
  return { encrypt, subject: subject === undefined ? undefined : [subject].flat() };
}

/** What these schemas, which all apply to one value, say of it. */
export function markOf(schemas: readonly JsonSchema[]): EncryptMark | undefined {
  for (const schema of schemas) {
    const mark = ownMark(schema);
    if (mark !== undefined) return mark;
  }
  return undefined;
}

const known = new WeakMap<JsonSchema, boolean>();

/** Whether a whole schema, with its definitions, encrypts anything. */
export function hasEncrypted(schema: JsonSchema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    has = /"encrypt":(?:true|"read"|"write")/.test(JSON.stringify(schema));
    known.set(schema, has);
  }
  return has;
}

/** Whether a whole schema encrypts anything for a person. */
export function hasSubject(schema: JsonSchema): boolean {
  return hasEncrypted(schema) && /"subject":["[]/.test(JSON.stringify(schema));
}

/** Whether any part of what these schemas describe is encrypted. */
export function reachesEncrypted(root: JsonSchema, schemas: readonly unknown[]): boolean {
  return reaches(root, schemas, (part) => ownMark(part) !== undefined);
}

/**
 * The schema of a message as it is on the wire: a ciphertext is a text with a pattern, which validators of any language
 * check. A schema that encrypts nothing is returned as it is.
 */
export function wireForm(schema: JsonSchema): JsonSchema {
  const made = wireForms.get(schema) ?? madeWireForm(schema);
  wireForms.set(schema, made);
  return made;
}

const wireForms = new WeakMap<JsonSchema, JsonSchema>();

function madeWireForm(schema: JsonSchema): JsonSchema {
  return replaceEncrypted(schema, (plain, { encrypt }) => {
    const { description, deprecated } = plain;
    const notes = Object.entries({ description, deprecated }).filter(([, value]) => value !== undefined);
    // Whatever stands here instead, a value that should have been encrypted, is not to be shown either.
    const ciphertext = { ...Object.fromEntries(notes), sensitive: true, type: "string", pattern: CIPHERTEXT };
    return encrypt === true ? ciphertext : { anyOf: [ciphertext, plain] };
  });
}

/** The schema of what publishers give and handlers receive, without a word of encryption. */
export function plainForm(schema: JsonSchema): JsonSchema {
  return replaceEncrypted(schema, (plain) => plain);
}

/** The schema of a message whose encrypted values may have been erased. */
export function erasableForm(schema: JsonSchema): JsonSchema {
  return replaceEncrypted(schema, (plain) => ({ anyOf: [plain, { const: ERASED_TEXT }] }));
}

function replaceEncrypted(root: JsonSchema, by: (plain: JsonSchema, mark: EncryptMark) => JsonSchema): JsonSchema {
  if (!hasEncrypted(root)) return root;
  const replaced = (schema: JsonSchema): JsonSchema => {
    const mark = markOf(inPlace(root, [schema]));
    if (mark !== undefined) return by(withoutMarks(schema), mark);
    const { oneOf, ...rest } = mapSchemas(schema, replaced);
    if (oneOf === undefined) return rest;
    // Forms that differ in an encrypted value alone are no longer told apart.
    const isBlurred = reachesEncrypted(root, schema.oneOf ?? []);
    return isBlurred ? { ...rest, allOf: [...((rest["allOf"] as []) ?? []), { anyOf: oneOf }] } : { ...rest, oneOf };
  };
  return replaced(root);
}

/** What remains of it is no longer encrypted. Definitions that it refers to keep their marks, which mean nothing there. */
function withoutMarks({ encrypt: _, subject: __, ...plain }: JsonSchema): JsonSchema {
  return plain;
}
