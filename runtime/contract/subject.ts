/** The field that names a person, and the kind of person it names. */
export interface SubjectField {
  /** The kind; `undefined` where the message's `entity_type` tells it. */
  readonly kind: string | undefined;
  /** The keys to the field, from the top of the message. */
  readonly path: readonly string[];
}

const ENTITY = "entity_id";

/**
 * Reads the keyword `subject`: `entity_id`, `user_id`, `payload.user_id`, `user:payload.id`. The kind stands before the
 * colon. Without one it is the entity's type for `entity_id`, and else the field's name without `_id`.
 */
export function subjectField(subject: string): SubjectField {
  const colon = subject.indexOf(":");
  const path = subject.slice(colon + 1).split(".");
  if (colon > 0) return { kind: subject.slice(0, colon), path };
  return { kind: subject === ENTITY ? undefined : (path.at(-1) as string).replace(/_id$/, ""), path };
}

/** The person whom a message names by the first of these fields that it has, as `user:123`; `undefined` if it names none. */
export function subjectOf(subjects: readonly string[], message: Readonly<Record<string, unknown>>): string | undefined {
  for (const subject of subjects) {
    const person = personAt(subject, message);
    if (person !== undefined) return person;
  }
  return undefined;
}

function personAt(subject: string, message: Readonly<Record<string, unknown>>): string | undefined {
  const { kind = message["entity_type"], path } = subjectField(subject);
  let value: unknown = message;
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  const isNamed = (typeof value === "string" && value !== "") || Number.isInteger(value);
  // A class name, as in `User`, names the same kind.
  return isNamed && typeof kind === "string" ? `${kind.toLowerCase()}:${String(value)}` : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
