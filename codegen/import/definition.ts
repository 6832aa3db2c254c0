import { posix } from "node:path";
import { isIdentifier, pascalCase } from "../model/casing.js";
import { pointerOf, valueAt } from "../schema/pointer.js";
import type { Place } from "./document.js";

/** A part of a document that becomes a type of the catalogue. */
export interface Definition {
  readonly place: Place;
  /** The new file: `types/order.json`. */
  readonly file: string;
  /** The type's name in TypeScript. */
  readonly name: string;
  /** What it was called before. */
  readonly found: string;
}

/** Names the parts of documents that references lead to. */
export class Definitions {
  readonly #byPlace = new Map<string, Definition>();
  readonly #taken: Set<string>;
  readonly #fileOf: (place: Place) => string;

  /**
   * @param taken names that other types have
   * @param fileOf the new file of a place
   */
  constructor(taken: Iterable<string>, fileOf: (place: Place) => string) {
    this.#taken = new Set(taken);
    this.#fileOf = fileOf;
  }

  /**
   * The definition at a place.
   *
   * @param other its name if it is new, and has no name of its own or one that is taken
   */
  at(place: Place, other?: string): Definition {
    const key = keyOf(place);
    const known = this.#byPlace.get(key) ?? this.#equalTo(place);
    if (known !== undefined) return known;
    const found = place.path.at(-1) ?? "";
    const definition = { place, file: this.#fileOf(place), name: this.#free(place, other), found };
    this.#byPlace.set(key, definition);
    return definition;
  }

  /** Returns whether the part at a place is a definition. */
  has(place: Place): boolean {
    return this.#byPlace.has(keyOf(place));
  }

  /** A definition of the same name in another document, with the same text: both are one type. */
  #equalTo(place: Place): Definition | undefined {
    if (place.path.length === 0) return undefined;
    const text = JSON.stringify(valueAt(place.document.value, place.path));
    // What it refers to may differ.
    if (text.includes('"$ref"')) return undefined;
    const name = capitalized(nameAt(place));
    return [...this.#byPlace.values()].find(
      (other) =>
        other.name === name &&
        other.place.document.draft === place.document.draft &&
        JSON.stringify(valueAt(other.place.document.value, other.place.path)) === text,
    );
  }

  #free(place: Place, other: string | undefined): string {
    const own = capitalized(nameAt(place));
    const plain = isNamed(place) && place.path.length > 0 ? own : (other ?? own);
    const owner = capitalized(pascalCase(lastPart(place.document.stem)));
    const candidates = [plain, ...(other === undefined ? [] : [other]), `${owner}${plain}`];
    for (let number = 2; ; number++) {
      const name = candidates.find((candidate) => !this.#taken.has(candidate));
      if (name !== undefined) {
        this.#taken.add(name);
        return name;
      }
      candidates.push(`${plain}${number}`);
    }
  }
}

/** A name of a type begins with a capital letter. */
function capitalized(name: string): string {
  return isIdentifier(name) && /^\p{Lu}/u.test(name) ? name : `Imported${pascalCase(name)}`;
}

/** Identifies a place among all documents. */
export function keyOf({ document, path }: Place): string {
  return `${document.address}#${pointerOf(path)}`;
}

/** Returns whether a definition is the whole of its document. */
export function isRoot({ place: { path } }: Definition): boolean {
  return path.length === 0;
}

/** The `$ref` from a file of the catalogue to a definition. */
export function refFrom(file: string, definition: Definition): string {
  const path = file === definition.file ? "" : posix.relative(posix.dirname(file), definition.file);
  if (isRoot(definition)) return path === "" ? "#" : path;
  return `${path}#/$defs/${definition.name}`;
}

const containers: ReadonlySet<string> = new Set(["$defs", "definitions", "schemas"]);
const steps: ReadonlySet<string> = new Set(["properties", "patternProperties", "components", "payload", "schema"]);

/** Returns whether a place is a whole document, or has a name there. */
export function isNamed({ path }: Place): boolean {
  return path.length === 0 || containers.has(path.at(-2) ?? "");
}

/** `#/definitions/postal-address` is `PostalAddress`, `#/properties/lines/items` of an order `OrderLinesItem`. */
function nameAt({ document, path }: Place): string {
  const last = path.at(-1);
  const title = document.value["title"];
  const isTitle = typeof title === "string" && title.length <= 40 && isIdentifier(pascalCase(title));
  const root = isTitle ? pascalCase(title) : pascalCase(lastPart(document.stem));
  if (last === undefined) return root;
  if (containers.has(path.at(-2) ?? "")) return pascalCase(lastPart(last));
  const words = path.filter((key) => !steps.has(key) && !containers.has(key));
  return `${root}${words.map((key) => pascalCase(key === "items" ? "item" : key)).join("")}`;
}

/** `https://example.com/order-line.schema.json` and `shop/order-line` are `order-line`. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/(?:\.schema)?(?:\.json)?#?$/, "");
}
