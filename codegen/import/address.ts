import { type Path, parsePointer, pointerOf, valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import type { Document, Place } from "./document.js";
import { isUpTo } from "./draft.js";
import { innerSchemas, type Raw } from "./raw.js";

/** Why a `$ref` leads nowhere. */
export interface Unreachable {
  readonly rule: "remote-reference" | "missing-reference";
  readonly sentence: string;
}

/** A schema with an address of its own, and the names of places in it. */
interface Resource {
  readonly place: Place;
  readonly anchors: Map<string, Place[]>;
}

/** The addresses of all documents, of the schemas in them that have an `$id`, and of anchors. */
export class Addresses {
  readonly #resources = new Map<string, Resource>();
  readonly #bases = new WeakMap<object, string>();

  constructor(documents: readonly Document[]) {
    for (const document of documents) {
      const resource = { place: { document, path: [] }, anchors: new Map<string, Place[]>() };
      this.#resources.set(document.address, resource);
      this.#visit({ document, path: [] }, document.value, { base: document.address, resource });
    }
  }

  /** Where a `$ref` leads that stands in a schema of the document. */
  resolve(ref: string, from: Place): Place | Unreachable {
    const urls = [this.#baseOf(from), from.document.address].flatMap((base) => parse(ref, base) ?? []);
    for (const url of urls) {
      const [address = "", fragment = ""] = url.split(/#(.*)/s);
      const resource = this.#resources.get(address);
      if (resource !== undefined) return within(resource, decode(fragment), ref);
    }
    const [first = ref] = urls;
    if (/^https?:|^urn:/.test(first)) {
      const sentence = `"${first}" is elsewhere, and nothing is fetched; save it among the imported files with this "$id"`;
      return { rule: "remote-reference", sentence };
    }
    const [file] = ref.split("#");
    return { rule: "missing-reference", sentence: `the file "${file}" is not among the imported ones` };
  }

  /** The places that a `$dynamicRef` or `$recursiveRef` may lead to, whichever schema it is reached from. */
  anchors(name: string): readonly Place[] {
    return [...new Set(this.#resources.values())].flatMap(({ anchors }) => anchors.get(name) ?? []);
  }

  /** The base of the innermost schema around a place that has one. */
  #baseOf({ document, path }: Place): string {
    for (let length = path.length; length > 0; length--) {
      const at = valueAt(document.value, path.slice(0, length));
      const base = isObject(at) ? this.#bases.get(at) : undefined;
      if (base !== undefined) return base;
    }
    return this.#bases.get(document.value) ?? document.address;
  }

  #visit(place: Place, schema: Raw, outer: { readonly base: string; readonly resource: Resource }): void {
    const { document, path } = place;
    const isIgnored = isUpTo(document.draft, "07") && schema["$ref"] !== undefined;
    const id = document.draft === "04" ? (schema["id"] ?? schema["$id"]) : schema["$id"];
    let { base, resource } = outer;
    if (typeof id === "string" && !isIgnored) {
      if (id.startsWith("#")) add(resource, id.slice(1), place);
      else {
        base = parse(id, base)?.replace(/#$/, "") ?? base;
        resource = this.#resources.get(base) ?? { place, anchors: new Map() };
        this.#resources.set(base, resource);
      }
    }
    this.#bases.set(schema, base);
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      if (typeof schema[keyword] === "string") add(resource, schema[keyword], place);
    }
    if (schema["$recursiveAnchor"] === true) add(resource, RECURSIVE, place);
    for (const [way, inner] of innerSchemas(schema)) {
      this.#visit({ document, path: [...path, ...way] }, inner, { base, resource });
    }
  }
}

/** Stands for `$recursiveAnchor`, which has no name. */
export const RECURSIVE = "#";

function add({ anchors }: Resource, name: string, place: Place): void {
  anchors.set(name, [...(anchors.get(name) ?? []), place]);
}

function within({ place, anchors }: Resource, fragment: string, ref: string): Place | Unreachable {
  const pointer: Path | undefined = parsePointer(fragment);
  const missing = (what: string): Unreachable => ({
    rule: "missing-reference",
    sentence: `"${ref}" leads to nothing: ${place.document.source.shownPath} has no ${what}`,
  });
  if (pointer === undefined) return anchors.get(fragment)?.[0] ?? missing(`anchor "${fragment}"`);
  const path = [...place.path, ...pointer];
  return valueAt(place.document.value, path) === undefined
    ? missing(`"${pointerOf(path)}"`)
    : { document: place.document, path };
}

function parse(ref: string, base: string): string | undefined {
  try {
    return new URL(ref, base).href;
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns whether a `$ref` leads to a place. */
export function isPlace(found: Place | Unreachable): found is Place {
  return "document" in found;
}
