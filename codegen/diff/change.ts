import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";

/** What an edit did to one place of a message. `docs/toolchain.md` says what each means, and a test compares the two. */
export type ChangeRule =
  | "message-added"
  | "message-removed"
  | "message-renamed"
  | "message-kind"
  | "encoding-changed"
  | "property-added"
  | "property-removed"
  | "property-renamed"
  | "property-required"
  | "property-optional"
  | "type-widened"
  | "type-narrowed"
  | "type-changed"
  | "enum-value-added"
  | "enum-value-removed"
  | "enum-changed"
  | "const-changed"
  | "limit-tightened"
  | "limit-loosened"
  | "limit-changed"
  | "format-changed"
  | "pattern-changed"
  | "object-opened"
  | "object-closed"
  | "names-changed"
  | "items-changed"
  | "form-added"
  | "form-removed"
  | "choice-changed"
  | "condition-changed"
  | "tolerated-added"
  | "tolerated-removed"
  | "default-changed"
  | "sensitive-changed"
  | "encrypt-changed"
  | "subject-changed"
  | "schema-changed"
  | "type-renamed"
  | "documentation-changed";

/** A difference between two versions of a message, at one place. */
export interface Change {
  readonly rule: ChangeRule;
  /** The names to the value; `*` for any item, or any name that is not declared. */
  readonly at: Path;
  /** The keyword that differs. */
  readonly keyword: string;
  /** What differs, as a sentence: `maximum was 10 and is 20`. */
  readonly sentence: string;
  /** The schemas that differ; `undefined` where one side has none. */
  readonly before: Schema | undefined;
  readonly after: Schema | undefined;
  /** The name of the property that took the place of one with another name. */
  readonly renamed?: { readonly from: string; readonly to: string };
  /** Whether a property that is added or removed is required. */
  readonly isRequired?: boolean;
}
