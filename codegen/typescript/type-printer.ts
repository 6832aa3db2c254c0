// typescript/ prints pieces of TypeScript, such as types, literals and imports; it may import schema/.

import type { Schema } from "../schema/schema.js";
import { docComment, docOf } from "./doc-comment.js";
import { printKey } from "./literal.js";
import { type Shape, shapeOf } from "./shape.js";
import { printShapes } from "./shape-printer.js";
import { layOutType } from "./type-layout.js";

/** The TypeScript of one definition, without its name and doc comment. */
export interface TypeText {
  /** Whether `text` is an interface's body; else it is the right-hand side of a `type`. */
  readonly isInterface: boolean;
  readonly text: string;
}

/**
 * The types of flat schemas. What an object's properties are is json-schema-to-typescript's to say; here they only
 * become the members of an interface, since most of them are the same in one message after the other.
 */
export class TypePrinter {
  readonly #printed: ReadonlyMap<string, string>;
  readonly #keys: WeakMap<Schema, string>;

  private constructor(printed: ReadonlyMap<string, string>, keys: WeakMap<Schema, string>) {
    this.#printed = printed;
    this.#keys = keys;
  }

  /** Has each distinct shape in these schemas printed once. */
  static async of(schemas: Iterable<Schema>): Promise<TypePrinter> {
    const shapes = new Map<string, Shape>();
    const keys = new WeakMap<Schema, string>();
    const collect = (schema: Schema): void => {
      if (isInterface(schema)) for (const property of Object.values(schema.properties ?? {})) collect(property);
      else if (!keys.has(schema)) {
        const shape = shapeOf(schema);
        const key = JSON.stringify(shape);
        keys.set(schema, key);
        shapes.set(key, shape);
      }
    };
    for (const schema of schemas) collect(schema);
    return new TypePrinter(await printShapes(shapes), keys);
  }

  /**
   * @param schema one of those that were printed, or one that is made of their properties
   * @param column where the text of an alias starts
   */
  textOf(schema: Schema, column = 0): TypeText {
    if (isInterface(schema)) return { isInterface: true, text: this.#members(schema, 0) };
    const printed = this.#shape(schema);
    const isMap = printed.startsWith("{\n") && printed.endsWith("}");
    return { isInterface: isMap, text: layOutType(printed, isMap ? 0 : column) };
  }

  #members({ properties = {}, required = [] }: Schema, indent: number): string {
    const members = Object.entries(properties).map(([name, property]) => {
      const key = `${" ".repeat(indent + 2)}${printKey(name)}${required.includes(name) ? "" : "?"}: `;
      const type = isInterface(property)
        ? this.#members(property, indent + 2)
        : layOutType(this.#shape(property), key.length, indent + 2);
      return `${docComment(docOf(property), indent + 2)}${type.startsWith("\n") ? key.trimEnd() : key}${type};\n`;
    });
    return `{\n${members.join("")}${" ".repeat(indent)}}`;
  }

  #shape(schema: Schema): string {
    const key = this.#keys.get(schema) ?? JSON.stringify(shapeOf(schema));
    const printed = this.#printed.get(key);
    if (printed === undefined) throw new Error(`This shape was never printed: ${key}`);
    return printed;
  }
}

/** Keywords beside which an object's properties are not all that there is to its type. */
const furtherKeywords = ["$ref", "const", "enum", "anyOf", "oneOf", "patternProperties", "items", "prefixItems"];

/** Whether a schema is an object of the properties that it declares, and nothing else. */
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
