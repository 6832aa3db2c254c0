// schema/ holds the part of JSON Schema that a catalogue may use; it may import the runtime's contract.

import type { JsonSchema } from "../../runtime/contract/json-schema.js";

/** A well-formed schema: every keyword that the generator reads has the type that JSON Schema prescribes. */
export interface Schema extends JsonSchema {
  readonly $defs?: { readonly [name: string]: Schema };
  readonly title?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly sunset?: string;
  readonly replacedBy?: string;
  readonly examples?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly patternProperties?: { readonly [pattern: string]: Schema };
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly prefixItems?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
