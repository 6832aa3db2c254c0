import { areEqual } from "../../runtime/contract/equal.js";
import { annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import type { Document } from "./document.js";

/** Keywords whose values are data, in which nothing is an annotation. */
const HOLDS_DATA = new Set(["const", "enum", "required", "dependentRequired"]);
const HOLDS_NAMED = new Set(["properties", "patternProperties", "dependentSchemas"]);

/** Tells whether schemas of two documents say the same, whatever they are called and however they are described. */
export class Sameness {
  readonly #one: Document;
  readonly #other: Document;
  /** Pairs of definitions that are the same, if all of them are. */
  readonly #same = new Set<string>();
  readonly #different = new Set<string>();

  constructor(one: Document, other: Document) {
    this.#one = one;
    this.#other = other;
  }

  schemas(one: unknown, other: unknown): boolean {
    if (Array.isArray(one) && Array.isArray(other)) {
      return one.length === other.length && one.every((each, at) => this.schemas(each, other[at]));
    }
    if (!isObject(one) || !isObject(other)) return one === other;
    const names = new Set([...Object.keys(one), ...Object.keys(other)].filter((name) => !annotations.has(name)));
    names.delete("$defs");
    for (const name of names) {
      const [mine, theirs] = [one[name], other[name]];
      if (name === "$ref" ? !this.#references(mine, theirs) : !this.keyword(name, mine, theirs)) return false;
    }
    return true;
  }

  /** The same for the values of one keyword. */
  keyword(keyword: string, mine: unknown, theirs: unknown): boolean {
    if (HOLDS_DATA.has(keyword)) return areEqual(mine, theirs);
    if (!HOLDS_NAMED.has(keyword)) return this.schemas(mine, theirs);
    const [one = {}, other = {}] = [mine, theirs] as (Record<string, Schema> | undefined)[];
    const names = Object.keys(one);
    return (
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && this.schemas(one[name], other[name]))
    );
  }

  #references(mine: unknown, theirs: unknown): boolean {
    if (mine === undefined || theirs === undefined) return mine === theirs;
    const key = `${mine} ${theirs}`;
    if (this.#different.has(key)) return false;
    if (this.#same.has(key)) return true;
    this.#same.add(key);
    const one = this.#one.definition({ $ref: String(mine) });
    const other = this.#other.definition({ $ref: String(theirs) });
    const isSame = one !== undefined && other !== undefined && this.schemas(one, other);
    if (!isSame) {
      this.#different.add(key);
      // Others may be in it because they rest on this pair.
      this.#same.clear();
    }
    return isSame;
  }
}
