import type { Addresses } from "./address.js";
import { otherThanObject } from "./carried.js";
import { type Definition, Definitions, isRoot } from "./definition.js";
import { type Change, type Document, type Hindrance, hindrance, type Place } from "./document.js";
import type { Contents, Entry } from "./entry.js";
import { envelopeOf, exampleMessages, fileOf, messageFile, type Parts } from "./message-file.js";
import { claimsOf, freeName, nameOf } from "./message-name.js";
import type { Raw } from "./raw.js";
import { Rewriter, type Rewritten } from "./rewrite.js";
import { unusedIn } from "./unused.js";

/** What an assembly is made of. */
export interface Material {
  readonly contents: Contents;
  readonly addresses: Addresses;
  /** Whether a document describes what a message carries, or the whole message. */
  readonly as: "payload" | "message";
  /** The new file of the types of a document: `types/order.json`. */
  readonly typesFile: (document: Document) => string;
  /** Names that the catalogue has already. */
  readonly taken: ReadonlySet<string>;
  /** The schemas of envelopes, by file. */
  readonly envelopes: ReadonlyMap<string, Raw>;
}

/** A part of the catalogue to be that stands or falls as a whole. */
export type Part = Entry | Definition;

/** A message as it is made. */
interface Made {
  readonly schema: Raw;
  readonly parts: Parts;
  readonly rewritten: Rewritten | undefined;
}

/** The imported messages and types, rewritten and named, and what has become of each. */
export class Assembly {
  readonly #material: Material;
  readonly #definitions: Definitions;
  readonly #rewriter: Rewriter;
  readonly #rewritten = new Map<Definition, Rewritten>();
  readonly #made = new Map<Entry, Made>();
  readonly #names = new Map<Entry, string>();
  readonly #shared: readonly Definition[];
  readonly #examples = new Map<Entry, readonly unknown[]>();
  /** The example that each message has at present. */
  readonly #chosen = new Map<Entry, number>();
  readonly #refused = new Map<Part, readonly Hindrance[]>();

  constructor(material: Material) {
    this.#material = material;
    const { entries, shared } = material.contents;
    const taken = new Set(material.taken);
    for (const entry of entries) {
      const name = freeName(entry, taken);
      this.#names.set(entry, name);
      for (const claim of claimsOf(entry, name)) taken.add(claim);
    }
    this.#definitions = new Definitions(taken, ({ document }) => material.typesFile(document));
    this.#rewriter = new Rewriter(material.addresses, this.#definitions);
    for (const entry of entries) this.#made.set(entry, this.#make(entry));
    this.#shared = shared.map((place) => this.#definitions.at(place));
    for (const definition of this.#shared) this.rewritten(definition);
  }

  /** The messages that nothing hinders. */
  get entries(): readonly Entry[] {
    return [...this.#made.keys()].filter((entry) => {
      return this.#ownHindrances(entry).length === 0 && this.#isSound(this.#needsOf(entry));
    });
  }

  /** The definitions that nothing hinders and that are needed, or shared. */
  get definitions(): readonly Definition[] {
    const shared = this.#shared.filter((definition) => this.#isSound([definition]));
    const needed = this.entries.flatMap((entry) => this.#needsOf(entry));
    return [...this.#closure([...needed, ...shared])];
  }

  /** What hinders parts, those included that only need a part that something hinders. */
  get hindrances(): readonly Hindrance[] {
    const direct = [...this.#reached()].flatMap((definition) => this.#hindrancesOf(definition));
    const ofEntries = [...this.#made.keys()].flatMap((entry) => {
      const own = this.#ownHindrances(entry);
      if (own.length > 0 || this.#isSound(this.#needsOf(entry))) return own;
      return this.#inherited(entry.place, this.#needsOf(entry));
    });
    const ofShared = this.#shared.flatMap((definition) =>
      this.#isSound([definition]) || this.#hindrancesOf(definition).length > 0
        ? []
        : this.#inherited(definition.place, [definition]),
    );
    return [...direct, ...ofEntries, ...ofShared];
  }

  /** What was changed in the parts that nothing hinders. */
  get changes(): readonly Change[] {
    const documents = new Set([...this.entries, ...this.definitions].map(({ place }) => place.document));
    return [
      ...this.entries.flatMap((entry) => this.#changesOf(entry)),
      ...this.definitions.flatMap((definition) => this.rewritten(definition).changes),
      ...unusedIn(documents, this.#definitions),
    ];
  }

  /** The files of all parts that nothing hinders, by path in the folder of the schemas. */
  get files(): ReadonlyMap<string, Raw> {
    const files = new Map<string, Raw>();
    for (const entry of this.entries) files.set(fileOf(entry), this.#fileOf(entry));
    const byFile = new Map<string, Definition[]>();
    for (const definition of this.definitions) {
      byFile.set(definition.file, [...(byFile.get(definition.file) ?? []), definition]);
    }
    for (const [file, definitions] of byFile) {
      const root = definitions.find(isRoot);
      const named = definitions.filter((definition) => !isRoot(definition)).sort((a, b) => (a.name < b.name ? -1 : 1));
      const $defs = Object.fromEntries(named.map((definition) => [definition.name, this.rewritten(definition).schema]));
      files.set(file, {
        ...(root === undefined ? {} : this.rewritten(root).schema),
        ...(named.length > 0 && { $defs }),
      });
    }
    return files;
  }

  rewritten(definition: Definition): Rewritten {
    const known = this.#rewritten.get(definition);
    if (known !== undefined) return known;
    const rewritten = this.#rewriter.rewrite(definition);
    this.#rewritten.set(definition, rewritten);
    return rewritten;
  }

  /** The schema that a message's file has from its document, where it is the whole message. */
  wholeOf(entry: Entry): Rewritten | undefined {
    return this.#made.get(entry)?.rewritten;
  }

  /** Takes a definition in another form. */
  replace(definition: Definition, rewritten: Rewritten): void {
    this.#rewritten.set(definition, rewritten);
  }

  /** Gives a message its next example. Returns `false` if it has had all. */
  tryNextExample(entry: Entry): boolean {
    const next = (this.#chosen.get(entry) ?? 0) + 1;
    if (next >= this.#examplesOf(entry).length) return false;
    this.#chosen.set(entry, next);
    return true;
  }

  refuse(part: Part, ...hindrances: readonly Hindrance[]): void {
    this.#refused.set(part, [...(this.#refused.get(part) ?? []), ...hindrances]);
  }

  #make(entry: Entry): Made {
    const { as, envelopes } = this.#material;
    const file = fileOf(entry);
    const rewritten = as === "message" || entry.isWhole === true ? this.#rewriter.at(entry.place, file) : undefined;
    const name = this.#names.get(entry) ?? nameOf(entry);
    const data = `${name}Data`;
    const content =
      rewritten === undefined ? { carried: this.#definitions.at(entry.place, data) } : { whole: rewritten.schema };
    const carried = "carried" in content && this.#isSound([content.carried]) ? content.carried : undefined;
    const other = carried && otherThanObject(entry, carried, (needed) => this.rewritten(needed).schema);
    if (other !== undefined) this.refuse(entry, other);
    const result = entry.result && this.#definitions.at(entry.result, `${name}Answer`);
    const envelope = envelopes.get(envelopeOf(entry)) ?? {};
    const description = entry.description ?? `${entry.type}, as ${entry.place.document.source.shownPath} describes it.`;
    const title = name === nameOf(entry) ? undefined : name;
    const parts = { title, envelope, description, result, content };
    return { schema: messageFile(entry, parts), parts, rewritten };
  }

  #fileOf(entry: Entry): Raw {
    const { schema = {} } = this.#made.get(entry) ?? {};
    const example = this.#examplesOf(entry)[this.#chosen.get(entry) ?? 0];
    return { ...schema, ...(example !== undefined && { examples: [example] }) };
  }

  /** Messages that may be examples. They are made when nothing hinders a message: only then its schema is well-formed. */
  #examplesOf(entry: Entry): readonly unknown[] {
    const known = this.#examples.get(entry);
    if (known !== undefined) return known;
    const { parts } = this.#made.get(entry) as Made;
    const examples = exampleMessages(entry, parts, (needed) => this.rewritten(needed).schema);
    this.#examples.set(entry, examples);
    return examples;
  }

  #changesOf(entry: Entry): readonly Change[] {
    const { place, kind, examples, description } = entry;
    const at = (rule: Change["rule"]): Change => ({ rule, file: place.document.source.shownPath, pointer: "" });
    const { parts, rewritten } = this.#made.get(entry) as Made;
    const isMade = (this.#chosen.get(entry) ?? 0) >= examples.length;
    return [
      ...entry.changes,
      ...(rewritten?.changes ?? []),
      ...(description === undefined ? [at("description")] : []),
      ...(isMade ? [at("made-example")] : []),
      ...(kind === "command" && parts.result === undefined ? [at("made-result")] : []),
    ];
  }

  #needsOf(entry: Entry): readonly Definition[] {
    const { parts, rewritten } = this.#made.get(entry) as Made;
    const { content, result } = parts;
    return [
      ...("carried" in content ? [content.carried] : (rewritten?.needs ?? [])),
      ...(result === undefined ? [] : [result]),
    ];
  }

  #ownHindrances(entry: Entry): readonly Hindrance[] {
    return [...(this.#refused.get(entry) ?? []), ...(this.#made.get(entry)?.rewritten?.hindrances ?? [])];
  }

  #hindrancesOf(definition: Definition): readonly Hindrance[] {
    return [...this.rewritten(definition).hindrances, ...(this.#refused.get(definition) ?? [])];
  }

  #isSound(definitions: Iterable<Definition>): boolean {
    return [...this.#closure(definitions)].every((definition) => this.#hindrancesOf(definition).length === 0);
  }

  #reached(): ReadonlySet<Definition> {
    return this.#closure([...this.#made.keys()].flatMap((entry) => this.#needsOf(entry)).concat(this.#shared));
  }

  #closure(definitions: Iterable<Definition>): ReadonlySet<Definition> {
    const found = new Set(definitions);
    // A set visits what is added to it on the way.
    for (const definition of found) for (const need of this.rewritten(definition).needs) found.add(need);
    return found;
  }

  /** A part that only needs what something hinders says so, unless that is in its own document. */
  #inherited(place: Place, needs: readonly Definition[]): readonly Hindrance[] {
    const cause = [...this.#closure(needs)].find((definition) => this.#hindrancesOf(definition).length > 0);
    const other = cause?.place.document;
    if (other === undefined || other === place.document) return [];
    return [hindrance(place, "needed", `needs ${other.source.shownPath}, which is not imported as a whole`)];
  }
}
