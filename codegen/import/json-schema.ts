import { annotations } from "../schema/keyword.js";
import { valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import { type Addresses, isPlace } from "./address.js";
import { keyOf, lastPart } from "./definition.js";
import type { Document, Place } from "./document.js";
import { type Contents, type Entry, type ImportedKind, typeFrom } from "./entry.js";
import { innerSchemas, type Raw } from "./raw.js";

/** How documents of JSON Schema become messages. */
export interface Choice {
  readonly kind: ImportedKind | "type";
  /** The type of the only message. */
  readonly type: string | undefined;
  /** Whether each form of a choice at the root of a document is a message of its own. */
  readonly isEach: boolean;
  /** The documents that were asked for; the others are there because these refer to them. */
  readonly asked: ReadonlySet<Document>;
}

/** Names that every maker gives to files, so that the title tells more. */
const GENERIC = /^(?:schema|index|main|root|json-?schema|default|payload|message)$/i;

/**
 * Each document is a message, but for those that another one refers to, and those with nothing but definitions: these
 * become shared types.
 */
export function contentsOf(documents: readonly Document[], addresses: Addresses, choice: Choice): Contents {
  const { kind } = choice;
  const isSingle = choice.asked.size === 1;
  const referred = isSingle ? new Set<Document>() : referredTo(documents, addresses);
  const isMessage = (document: Document): boolean =>
    kind !== "type" && choice.asked.has(document) && !referred.has(document) && saysSomething(document.value);
  const messages = documents.filter(isMessage);
  const types = typesOf(messages, choice);
  const entries = messages.flatMap((document): readonly Entry[] => {
    if (kind === "type") return [];
    const root = { document, path: [] };
    const forms = choice.isEach ? formsOf(root, addresses) : [root];
    return forms.map((place) => {
      const isRoot = place.path.length === 0 && place.document === document;
      return entryOf(place, kind, isRoot ? (types.get(document) ?? "") : typeFrom(formName(place), kind));
    });
  });
  const shared = documents
    .filter((document) => choice.asked.has(document) && !isMessage(document))
    .flatMap((document) => partsOf(document));
  return { entries, shared };
}

function entryOf(place: Place, kind: ImportedKind, type: string): Entry {
  const { title, description, examples, example } = schemaAt(place);
  const says = [description, title].find((text) => typeof text === "string" && text.trim() !== "");
  return {
    place,
    kind,
    type,
    description: says as string | undefined,
    examples: [...(Array.isArray(examples) ? examples : []), ...(example === undefined ? [] : [example])],
    result: undefined,
    changes: [],
  };
}

function schemaAt({ document, path }: Place): Raw {
  const schema = valueAt(document.value, path);
  return isObject(schema) ? schema : {};
}

/** The forms of a choice, those of choices among them included; the place itself if it is something else. */
function formsOf(place: Place, addresses: Addresses, passed: ReadonlySet<string> = new Set()): readonly Place[] {
  const schema = schemaAt(place);
  const { $ref } = schema;
  const target = typeof $ref === "string" ? addresses.resolve($ref, place) : undefined;
  if (target !== undefined && isPlace(target)) {
    return passed.has(keyOf(target)) ? [] : formsOf(target, addresses, new Set([...passed, keyOf(target)]));
  }
  const [keyword, ...others] = Object.keys(schema).filter((name) => !annotations.has(name) && !silent.has(name));
  const forms = keyword === "oneOf" || keyword === "anyOf" ? schema[keyword] : undefined;
  // A form without a name stays one of its choice.
  const isNamed = (form: unknown): boolean => isObject(form) && (form["$ref"] ?? form["title"]) !== undefined;
  if (others.length > 0 || !Array.isArray(forms) || !forms.every(isNamed)) return [place];
  const found = forms.flatMap((_, at) =>
    formsOf({ ...place, path: [...place.path, keyword ?? "", `${at}`] }, addresses, passed),
  );
  return [...new Map(found.map((form) => [keyOf(form), form])).values()];
}

/** A form is called by its definition, its document or its title. */
function formName(place: Place): string {
  const last = place.path.at(-1) ?? lastPart(place.document.stem);
  const { title } = schemaAt(place);
  if (!/^\d+$/.test(last)) return last;
  return typeof title === "string" ? title : `${lastPart(place.document.stem)}-${last}`;
}

/** The type of each message: by `--type`, else by the file's name, or by title or identifier if that says nothing. */
function typesOf(messages: readonly Document[], { kind, type }: Choice): ReadonlyMap<Document, string> {
  const short = new Map(messages.map((document) => [document, type ?? typeFrom(nameOf(document), kind)]));
  const counts = new Map<string, number>();
  for (const name of short.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  // Folders may have files of one name: `order/created.json` and `user/created.json`.
  return new Map(
    [...short].map(([document, name]) => [
      document,
      (counts.get(name) ?? 0) > 1 && document.stem.includes("/") ? typeFrom(document.stem, kind) : name,
    ]),
  );
}

function nameOf({ stem, value }: Document): string {
  const last = lastPart(stem);
  if (!GENERIC.test(last)) return last;
  const { title, $id, id } = value;
  const identifier = lastPart(String($id ?? id ?? ""));
  return (
    ([title, identifier].find((text) => typeof text === "string" && /[a-z]/i.test(text)) as string | undefined) ?? stem
  );
}

/** The documents that others refer to. */
function referredTo(documents: readonly Document[], addresses: Addresses): ReadonlySet<Document> {
  const found = new Set<Document>();
  const visit = (schema: Raw, at: Place): void => {
    const { $ref } = schema;
    const target = typeof $ref === "string" ? addresses.resolve($ref, at) : undefined;
    if (target !== undefined && isPlace(target) && target.document !== at.document) found.add(target.document);
    for (const [way, inner] of innerSchemas(schema)) visit(inner, { ...at, path: [...at.path, ...way] });
  };
  for (const document of documents) visit(document.value, { document, path: [] });
  return found;
}

const silent: ReadonlySet<string> = new Set(["$defs", "definitions", "$id", "id", "$anchor", "$vocabulary"]);

/** Returns whether a document is a schema itself, and not only a place for definitions. */
function saysSomething(value: Raw): boolean {
  return Object.keys(value).some((keyword) => !silent.has(keyword) && !annotations.has(keyword));
}

/** What of a document becomes a type: the whole, and each definition at its root. */
function partsOf(document: Document): readonly Place[] {
  const named = ["$defs", "definitions"].flatMap((keyword) => {
    const definitions = document.value[keyword];
    return isObject(definitions) ? Object.keys(definitions).map((name) => ({ document, path: [keyword, name] })) : [];
  });
  // A document that says nothing at all is there as a whole, so that something is said of it.
  return saysSomething(document.value) || named.length === 0 ? [{ document, path: [] }, ...named] : named;
}
