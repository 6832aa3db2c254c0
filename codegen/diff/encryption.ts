import type { CommandDescriptor, Descriptor } from "../../runtime/contract/descriptor.js";
import { hasEncrypted, plainForm } from "../../runtime/contract/encrypt.js";
import { pathOf } from "../../runtime/contract/issue-path.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import type { Change } from "./change.js";
import type { Effect, Reader, Version } from "./effect.js";
import { type Part, schemaOf } from "./trial.js";

type Encrypt = JsonSchema["encrypt"];
/** Both versions of a message, and the part of it that changed. */
export interface Versions {
  readonly before: Version;
  readonly after: Version;
  readonly part: Part;
}

type Form = "plain" | "encrypted";

/** The descriptor of the same messages before they are encrypted and after they are read, which is what else is compared. */
export function beforeEncryption(descriptor: Descriptor): Descriptor {
  const { schema, result } = descriptor as CommandDescriptor;
  if (!hasEncrypted(schema) && (result === undefined || !hasEncrypted(result))) return descriptor;
  const plain = { ...descriptor, schema: plainForm(schema), checks: undefined };
  return result === undefined ? plain : ({ ...plain, result: plainForm(result) } as Descriptor);
}

/**
 * What a change of `encrypt` or `subject` does to readers. Each step of none, `read`, `write` and `true` is read by the one
 * before and the one behind it.
 */
export function encryptionEffects(
  { rule, before = {}, after = {}, at }: Change,
  versions: Versions,
): readonly Effect[] {
  const refuses = (reader: Reader): Effect => {
    const from = reader === "old" ? versions.after : versions.before;
    const by = (reader === "old" ? after : before).encrypt;
    const message =
      writtenBy(by) === "plain"
        ? "is a plain value, and its readers take only a ciphertext"
        : "is a ciphertext that its readers cannot read";
    const [example = {}] = (schemaOf(from.descriptor, versions.part)["examples"] as readonly unknown[]) ?? [];
    return {
      reader,
      kind: "refuses",
      witness: { value: example, issues: [{ path: pathOf(at), message }], channels: [], changed: undefined },
    };
  };
  if (rule === "encrypt-changed") {
    const isRead = (from: Encrypt, by: Encrypt): boolean => readBy(by).includes(writtenBy(from));
    return [
      ...(isRead(after.encrypt, before.encrypt) ? [] : [refuses("old")]),
      ...(isRead(before.encrypt, after.encrypt) ? [] : [refuses("new")]),
    ];
  }
  if (rule !== "subject-changed") return [];
  // A person's key is found by the subject alone; any other by its id.
  return [
    ...(after.subject === undefined ? [] : [refuses("old")]),
    ...(before.subject === undefined ? [] : [refuses("new")]),
  ];
}

function writtenBy(encrypt: Encrypt): Form {
  return encrypt === true || encrypt === "write" ? "encrypted" : "plain";
}

function readBy(encrypt: Encrypt): readonly Form[] {
  if (encrypt === "read" || encrypt === "write") return ["plain", "encrypted"];
  return encrypt === true ? ["encrypted"] : ["plain"];
}
