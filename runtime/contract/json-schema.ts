/** The part of JSON Schema 2020-12 that the runtime reads; Ajv reads the rest. Readonly, as generated constants are. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: { readonly [name: string]: JsonSchema };
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly default?: unknown;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  /** Our own keyword: the value is masked in logs, errors and screens. */
  readonly sensitive?: boolean;
  /** Our own keyword: the value is encrypted on the wire. `read` and `write` are steps of a migration. */
  readonly encrypt?: boolean | "read" | "write";
  /** Our own keyword, beside `encrypt`: the field that names the person whose key encrypts the value, or several to try. */
  readonly subject?: string | readonly string[];
  /** Our own keyword, for a form of `anyOf`: it is read, and never written. */
  readonly tolerated?: boolean;
  readonly [keyword: string]: unknown;
}

/** The definition that a flat schema's `$ref` names. */
export function definitionOf(root: JsonSchema, { $ref }: JsonSchema): JsonSchema | undefined {
  return $ref === undefined ? undefined : root.$defs?.[$ref.slice("#/$defs/".length)];
}
