import { describesObject } from "../../../runtime/contract/layer.js";
import { nameOf } from "../../schema/definition-ref.js";
import { CLOSED, extensions } from "../../schema/extension.js";
import type { Schema } from "../../schema/schema.js";
import { mapChildren } from "../../schema/walk.js";

/** A schema of AsyncAPI, which is of draft 07 with some more keywords. */
export type AsyncSchema = Readonly<Record<string, unknown>>;

/** Writes schemas for AsyncAPI: they accept the same values, unless an extension says what draft 07 cannot. */
export class SchemaWriter {
  readonly #keys: (name: string) => string;

  /** @param keys the key of a definition among the components, by its name */
  constructor(keys: (name: string) => string) {
    this.#keys = keys;
  }

  readonly write = (schema: Schema): AsyncSchema => {
    // It may be a boolean, where one may stand in place of a schema.
    if (typeof schema !== "object") return schema;
    const { $ref, ...rest } = mapChildren(schema, this.write) as Record<string, unknown> & { readonly $ref?: string };
    const isClosed = describesObject(schema) && schema.additionalProperties === undefined;
    const own = { ...this.#tuple(this.#dependencies(this.#extensions(rest))), ...(isClosed && { [CLOSED]: true }) };
    if ($ref === undefined) return own;
    const reference = { $ref: `#/components/schemas/${this.#keys(nameOf($ref))}` };
    if (Object.keys(rest).length === 0) return reference;
    // Beside a `$ref` draft 07 ignores everything.
    const { allOf = [], ...beside } = own as { readonly allOf?: readonly unknown[] };
    return { allOf: [reference, ...allOf], ...beside };
  };

  /** `contains` of draft 07 demands an item: if there may be none, it would say something else. */
  #extensions(schema: AsyncSchema): AsyncSchema {
    const mayContainNone = schema["minContains"] === 0;
    return Object.fromEntries(
      Object.entries(schema).map(([keyword, value]) => {
        const isExtension = Object.hasOwn(extensions, keyword) && (keyword !== "contains" || mayContainNone);
        return [isExtension ? (extensions[keyword] ?? keyword) : keyword, value];
      }),
    );
  }

  #dependencies({ dependentRequired = {}, dependentSchemas = {}, ...rest }: AsyncSchema): AsyncSchema {
    const names = dependentRequired as AsyncSchema;
    const schemas = dependentSchemas as AsyncSchema;
    const entries = Object.entries({ ...names, ...schemas }).map(([name, demand]) => {
      const isBoth = Object.hasOwn(names, name) && Object.hasOwn(schemas, name);
      return [name, isBoth ? { allOf: [{ required: names[name] }, demand] } : demand];
    });
    return entries.length === 0 ? rest : { ...rest, dependencies: Object.fromEntries(entries) };
  }

  #tuple({ prefixItems, items, ...rest }: AsyncSchema): AsyncSchema {
    if (prefixItems === undefined) return items === undefined ? rest : { ...rest, items };
    return { ...rest, items: prefixItems, ...(items !== undefined && { additionalItems: items }) };
  }
}
