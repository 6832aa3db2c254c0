// typescript/ prints pieces of TypeScript, such as types, literals and imports; it may import schema/.

import { namesIn } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { docComment, docOf } from "./doc-comment.js";
import { knownShapes } from "./known-shapes.js";
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

/** What json-schema-to-typescript printed of shapes, by their JSON. It depends on nothing else. */
export type PrintedShapes = ReadonlyMap<string, string>;

/** The shape of a schema, and the texts that it has placeholders for. */
interface Shaped {
  readonly key: string;
  readonly placeholders: Placeholders;
  /** How it was laid out as a property, by the text before it. */
  readonly members: Map<string, string>;
}

/**
 * Prints the types of flat schemas. json-schema-to-typescript prints the types of an object's properties, and this
 * class assembles them into interfaces. Most properties occur in many messages: each distinct one is looked into once,
 * and each distinct shape is printed once.
 */
export class TypePrinter {
  /** The shapes of the printer's schemas. */
  readonly printed: PrintedShapes;
  /** The same for all schemas with the same JSON. */
  readonly #shaped: ReadonlyMap<Schema, Shaped>;
  /** Properties with properties of their own that have been laid out, by the text before them. */
  readonly #nested = new Map<Schema, Map<string, string>>();

  private constructor(printed: PrintedShapes, shaped: ReadonlyMap<Schema, Shaped>) {
    this.printed = printed;
    this.#shaped = shaped;
  }

  /**
   * Creates a printer for these schemas.
   *
   * @param known what was printed before, which is not printed again
   */
  static async of(schemas: Iterable<Schema>, known: PrintedShapes = new Map()): Promise<TypePrinter> {
    const shapes = new Map<string, Shape>();
    const shaped = new Map<Schema, Shaped>();
    const byText = new Map<string, Shaped>();
    const seen = new Set<Schema>();
    const collect = (schema: Schema): void => {
      // A message and its argument have most properties in common.
      if (seen.size === seen.add(schema).size) return;
      if (isInterface(schema)) {
        for (const property of Object.values(schema.properties ?? {})) collect(property);
        return;
      }
      const text = JSON.stringify(schema);
      const known = byText.get(text);
      if (known !== undefined) {
        shaped.set(schema, known);
        return;
      }
      const { shape, ...found } = shapedOf(schema);
      byText.set(text, found);
      shaped.set(schema, found);
      shapes.set(found.key, shape);
    };
    for (const schema of schemas) collect(schema);
    const before = (key: string): string | undefined => knownShapes.get(key) ?? known.get(key);
    const fresh = await printShapes(new Map([...shapes].filter(([key]) => before(key) === undefined)));
    const printed = [...shapes.keys()].map((key) => [key, before(key) ?? fresh.get(key) ?? ""] as const);
    return new TypePrinter(new Map(printed), shaped);
  }

  /**
   * @param schema one of the printer's schemas, or one with properties of theirs
   * @param column the column at which the text of an alias starts
   */
  textOf(schema: Schema, column = 0): TypeText {
    if (isInterface(schema)) return { isInterface: true, text: this.#body(schema, 0) };
    const shaped = this.#shapedOf(schema);
    const printed = this.#printedOf(shaped);
    const isMap = printed.startsWith("{\n") && printed.endsWith("}");
    return { isInterface: isMap, text: this.#layOut(shaped, isMap ? 0 : column) };
  }

  /**
   * The names of the types that the type of a schema refers to. What only tests a value, as `not` and `propertyNames` do,
   * is in no type.
   */
  namesIn(schema: Schema): Iterable<string> {
    const named = namesIn(schema);
    // Most refer to none, and are not looked into.
    if (named.size === 0) return named;
    if (isInterface(schema)) return Object.values(schema.properties ?? {}).flatMap((inner) => [...this.namesIn(inner)]);
    const shaped = this.#shapedOf(schema);
    return shaped.placeholders.namesIn(this.#printedOf(shaped));
  }

  #body({ properties = {}, required = [] }: Schema, indent: number): string {
    const needed = new Set(required);
    const margin = " ".repeat(indent + 2);
    let members = "";
    for (const [name, property] of Object.entries(properties)) {
      members += this.#member(`${margin}${printKey(name)}${needed.has(name) ? "" : "?"}: `, property, indent + 2);
    }
    return `{\n${members}${" ".repeat(indent)}}`;
  }

  #member(key: string, property: Schema, indent: number): string {
    const isNested = isInterface(property);
    const shaped = isNested ? undefined : this.#shapedOf(property);
    const known = shaped?.members ?? this.#nested.get(property) ?? new Map<string, string>();
    if (isNested) this.#nested.set(property, known);
    let member = known.get(key);
    if (member === undefined) {
      const type = shaped === undefined ? this.#body(property, indent) : this.#layOut(shaped, key.length, indent);
      member = printMember(key, property, type, indent);
      known.set(key, member);
    }
    return member;
  }

  /** An indented type is that of an interface's property. */
  #layOut(shaped: Shaped, column: number, indent = 0): string {
    const { placeholders } = shaped;
    return layOutType(this.#printedOf(shaped), { placeholders, column, indent, inInterface: indent > 0 });
  }

  #printedOf({ key }: Shaped): string {
    const printed = this.printed.get(key);
    if (printed === undefined) throw new Error(`The printer was not created for this shape: ${key}`);
    return printed;
  }

  #shapedOf(schema: Schema): Shaped {
    return this.#shaped.get(schema) ?? shapedOf(schema);
  }
}

function printMember(key: string, property: Schema, type: string, indent: number): string {
  return `${docComment(docOf(property), indent)}${type.startsWith("\n") ? key.trimEnd() : key}${type};\n`;
}

/** Each shape numbers its own texts, so that schemas which differ in nothing else have the same. */
function shapedOf(schema: Schema): Shaped & { readonly shape: Shape } {
  const placeholders = new Placeholders();
  const shape = shapeOf(schema, placeholders);
  return { shape, key: JSON.stringify(shape), placeholders, members: new Map() };
}

/** Keywords that make a type more than the object's properties. */
const furtherKeywords = [
  ...["$ref", "const", "enum", "allOf", "anyOf", "oneOf", "patternProperties", "items", "prefixItems"],
  ...["if", "then", "else", "dependentSchemas", "subject"],
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
