import { type FlatFields, isJsonEntry, type PlainMessage, TYPE_PROPERTIES } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { areEqual, hasParts } from "../contract/equal.js";
import { shownPath } from "../contract/issue-path.js";
import { chosenKeyOf, keyed } from "../contract/key.js";
import { unmasked } from "../contract/unmasked.js";
import { ContractError, DecodeError, type Issue } from "../errors.js";

/** An entry that takes the place of another one, and what it changes. */
export interface EditedEntry {
  readonly entry: readonly string[];
  /** The paths that differ, at most twenty; names that are sensitive are masked. Empty if nothing does. */
  readonly changed: readonly string[];
}

/** What ties a message to others, and by which it is recognised. */
const FIXED = [
  ["id"],
  ["correlation_id"],
  ["metadata", "causation_id"],
  ...Object.values(TYPE_PROPERTIES).map((name) => [name]),
];
const WHY_FIXED = "cannot be changed: by it the message is recognised, and traced to its cause";
const MOST_CHANGES = 20;

/**
 * Writes an edited copy of an entry's message, in the entry's encoding. A `…` in place of a sensitive value keeps it.
 *
 * @throws {ContractError} with every issue of the copy
 * @throws {MessageTooLargeError}
 */
export function editedEntry(
  original: FlatFields,
  edited: unknown,
  { descriptor, maxBytes }: { readonly descriptor: Descriptor; readonly maxBytes: number },
): EditedEntry {
  const { schema, type } = descriptor;
  // What is encrypted stays as it was: it can be neither read nor written here.
  const contract = contractOf(descriptor).wire;
  const before = decoded(descriptor, original);
  const { value, issues } = unmasked(edited, before, schema);
  if (!hasParts(value) || Array.isArray(value)) {
    throw new ContractError(type, [{ path: "", message: "must be an object" }]);
  }
  const message = value as PlainMessage;
  const all = [...issues, ...fixedIssues(before, message), ...contract.violations(message)];
  if (all.length > 0) throw new ContractError(type, all);
  const written = contract.write(message, isJsonEntry(original) ? "json" : "fields", maxBytes);
  const entry = keyed(written, chosenKeyOf(original));
  const changed = changesOf(before, message).map((keys) => shownPath(keys, schema) || "the whole message");
  return { entry, changed: [...new Set(changed)].slice(0, MOST_CHANGES) };
}

/** `undefined` for an entry that cannot be read: then everything is new. */
function decoded(descriptor: Descriptor, original: FlatFields): PlainMessage | undefined {
  try {
    return contractOf(descriptor).decode(original);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function fixedIssues(before: PlainMessage | undefined, message: PlainMessage): readonly Issue[] {
  if (before === undefined) return [];
  const broken = FIXED.filter((keys) => {
    const known = at(before, keys);
    return known !== undefined && at(message, keys) !== known;
  });
  return broken.map((keys) => ({ path: keys.join("."), message: WHY_FIXED }));
}

function at(message: unknown, keys: readonly string[]): unknown {
  return keys.reduce((value, key) => (hasParts(value) && Object.hasOwn(value, key) ? value[key] : undefined), message);
}

/** Where two values differ. */
function changesOf(before: unknown, after: unknown, keys: readonly string[] = []): readonly (readonly string[])[] {
  if (areEqual(before, after)) return [];
  if (!hasParts(before) || !hasParts(after) || Array.isArray(before) !== Array.isArray(after)) return [keys];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changesOf(at(before, [name]), at(after, [name]), [...keys, name]));
}
