// typescript/ prints pieces of TypeScript, such as types, literals and imports; it may import schema/.

import type { Schema } from "../schema/schema.js";
import { docComment, docOf } from "./doc-comment.js";
import { printKey } from "./literal.js";
import { Placeholders } from "./placeholder.js";
import { type Shape, shapeOf } from "./shape.js";
import { printShapes } from "./shape-printer.js";
import { layOutType } from "./type-layout.js";

/** The TypeScript of a type, without its name and doc comment. */
export interface TypeText {
  /** `true` if `text` is the body of an interface, `false` if it is the right-hand side of a `type`. */
  readonly isInterface: boolean;
  readonly text: string;
}

/**
 * Prints the types of flat schemas. json-schema-to-typescript prints the types of an object's properties, and this
 * class assembles them into interfaces. Most properties occur in many messages, so each distinct one is printed once.
 */
export class TypePrinter {
  readonly #printed: ReadonlyMap<string, string>;
  readonly #keys: WeakMap<Schema, string>;
  readonly #placeholders: Placeholders;

  private constructor(printed: ReadonlyMap<string, string>, keys: WeakMap<Schema, string>, placeholders: Placeholders) {
    this.#printed = printed;
    this.#keys = keys;
    this.#placeholders = placeholders;
  }

  /** Creates a printer for these schemas. Each distinct shape in them is printed once. */
  static async of(schemas: Iterable<Schema>): Promise<TypePrinter> {
    const shapes = new Map<string, Shape>();
    const keys = new WeakMap<Schema, string>();
    const placeholders = new Placeholders();
    const collect = (schema: Schema): void => {
      if (isInterface(schema)) for (const property of Object.values(schema.properties ?? {})) collect(property);
      else if (!keys.has(schema)) {
        const shape = shapeOf(schema, placeholders);
        const key = JSON.stringify(shape);
        keys.set(schema, key);
        shapes.set(key, shape);
      }
    };
    for (const schema of schemas) collect(schema);
    return new TypePrinter(await printShapes(shapes), keys, placeholders);
  }

  /**
   * @param schema one of the printer's schemas, or one with properties of theirs
   * @param column the column at which the text of an alias starts
   */
  textOf(schema: Schema, column = 0): TypeText {
    if (isInterface(schema)) return { isInterface: true, text: this.#members(schema, 0) };
    const printed = this.#shape(schema);
    const isMap = printed.startsWith("{\n") && printed.endsWith("}");
    return { isInterface: isMap, text: this.#layOut(printed, isMap ? 0 : column) };
  }

  #members({ properties = {}, required = [] }: Schema, indent: number): string {
    const needed = new Set(required);
    const members = Object.entries(properties).map(([name, property]) => {
      const key = `${" ".repeat(indent + 2)}${printKey(name)}${needed.has(name) ? "" : "?"}: `;
      const type = isInterface(property)
        ? this.#members(property, indent + 2)
        : this.#layOut(this.#shape(property), key.length, indent + 2);
      return `${docComment(docOf(property), indent + 2)}${type.startsWith("\n") ? key.trimEnd() : key}${type};\n`;
    });
    return `{\n${members.join("")}${" ".repeat(indent)}}`;
  }

  /** An indented type is that of an interface's property. */
  #layOut(printed: string, column: number, indent = 0): string {
    return layOutType(printed, { placeholders: this.#placeholders, column, indent, inInterface: indent > 0 });
  }

  #shape(schema: Schema): string {
    const key = this.#keys.get(schema) ?? JSON.stringify(shapeOf(schema, this.#placeholders));
    const printed = this.#printed.get(key);
    if (printed === undefined) throw new Error(`The printer was not created for this shape: ${key}`);
    return printed;
  }
}

/** Keywords that make a type more than the object's properties. */
const furtherKeywords = [
  ...["$ref", "const", "enum", "allOf", "anyOf", "oneOf", "patternProperties", "items", "prefixItems"],
  ...["if", "then", "else", "dependentSchemas"],
];

/** Returns whether a schema is an object with exactly its declared properties. */
function isInterface(schema: Schema): boolean {
  const { type, properties, required = [], additionalProperties = false } = schema;
  return (
    type === "object" &&
    properties !== undefined &&
    Object.keys(properties).length > 0 &&
    additionalProperties === false &&
    required.every((name) => Object.hasOwn(properties, name)) &&
    !furtherKeywords.some((keyword) => Object.hasOwn(schema, keyword))
  );
}
