import { pascalCase } from "../../codegen/model/casing.js";
import { keywords } from "../../codegen/schema/keyword.js";
import type { Schema } from "../../codegen/schema/schema.js";
import { isObject, mapChildren } from "../../codegen/schema/walk.js";
import { formats } from "../../runtime/contract/format.js";

type Document = Readonly<Record<string, unknown>>;

/** A maker's document of schemas, as the types of a catalogue's file. */
export interface Adopted {
  /** The file with all of its types. */
  readonly file: { readonly $defs: Readonly<Record<string, Schema>> };
  /** The name of the type that a reference of the document leads to. */
  readonly nameOf: (ref: string) => string;
}

/** A definition as it was found. */
interface Found {
  readonly schema: Document;
  /** The address to which its references are relative. */
  readonly base: string;
  readonly name: string;
}

/**
 * Rewrites a document of an older draft, or of several resources, as a catalogue has them: each definition gets a name
 * that is valid in TypeScript, with a prefix that makes it distinct. Left out are titles, defaults, unknown keywords, and
 * formats that nobody here checks.
 */
export function adopt(document: Document, prefix: string): Adopted {
  const base = String(document["$id"] ?? "https://foreign.example/root.json");
  const found = new Map<string, Found>();
  const collect = (schema: Document, address: string, name: string): void => {
    found.set(withoutHash(address), { schema, base: address, name: name === prefix ? `${prefix}Root` : name });
    for (const keyword of ["definitions", "$defs"]) {
      for (const [key, inner] of Object.entries((schema[keyword] ?? {}) as Record<string, Document>)) {
        const id = inner["$id"];
        if (typeof id === "string") collect(inner, id, `${prefix}${pascalCase(lastPart(id))}`);
        else {
          const place = `${withoutHash(address)}#/${keyword}/${key}`;
          found.set(place, { schema: inner, base: address, name: `${name}${pascalCase(key)}` });
        }
      }
    }
  };
  collect(document, base, prefix);
  const nameOf = (ref: string, from = base): string => {
    const place = withoutHash(decodeURIComponent(new URL(ref, from).href));
    const target = found.get(place);
    if (target === undefined) throw new Error(`The document has no ${place}.`);
    return target.name;
  };
  const types = [...found.values()].map(({ schema, base: from, name }) => [
    name,
    adoptSchema(schema, (ref) => `#/$defs/${nameOf(ref, from)}`),
  ]);
  return { file: { $defs: Object.fromEntries(types) }, nameOf };
}

function adoptSchema(schema: Document, redirect: (ref: string) => string): Schema {
  const kept = Object.fromEntries(Object.entries(schema).filter(([keyword, value]) => isKept(keyword, value)));
  const inner = mapChildren(kept, (child) => (isObject(child) ? adoptSchema(child, redirect) : child));
  if (inner.$ref === undefined) return inner;
  const { description } = inner;
  return { $ref: redirect(inner.$ref), ...(description !== undefined && { description }) };
}

function isKept(keyword: string, value: unknown): boolean {
  if (["$schema", "$id", "$defs", "title", "examples", "default"].includes(keyword)) return false;
  return keywords.has(keyword) && (keyword !== "format" || Object.hasOwn(formats, String(value)));
}

function withoutHash(url: string): string {
  return url.replace(/#$/, "");
}

function lastPart(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1).replace(/(?:\.schema)?\.json$/, "");
}
