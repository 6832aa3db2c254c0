import type { Source } from "../load/source.js";
import { definitionsOf } from "../model/definition.js";
import { isDefinition, References } from "../model/reference.js";
import { sameValueKeywords } from "../schema/walk.js";
import { type Site, sitesIn } from "./site.js";

const LAYERS: ReadonlySet<string> = new Set(["allOf"]);

/** The schema files of a catalogue, as the rules look at them: what each schema leads to, and what leads to it. */
export class Survey {
  readonly #files: ReadonlyMap<Source, readonly Site[]>;
  readonly #definitions: ReadonlySet<object>;
  readonly #targets = new Map<Site, Site>();
  readonly #uses = new Map<Site, Site[]>();
  /** By the keyword, then by the key: an object may have very many properties. */
  readonly #children = new Map<Site, Map<string, Map<string, Site>>>();
  #marked: ReadonlySet<Site> | undefined;

  constructor(sources: readonly Source[]) {
    const definitions = sources.flatMap(definitionsOf);
    const references = new References(sources, definitions);
    this.#definitions = new Set(definitions.map(({ schema }) => schema));
    this.#files = new Map(sources.map((source) => [source, sitesIn(source)]));
    const bySchema = new Map([...this.#files.values()].flat().map((site) => [site.schema, site]));
    for (const site of bySchema.values()) {
      this.#place(site);
      const { $ref } = site.schema;
      const found = $ref === undefined ? undefined : references.resolve(site.source, $ref);
      const target = found !== undefined && isDefinition(found) ? bySchema.get(found.schema) : undefined;
      if (target === undefined) continue;
      this.#targets.set(site, target);
      addTo(this.#uses, target, site);
    }
  }

  /** Every schema of a file, outermost first. */
  sitesOf(source: Source): readonly Site[] {
    return this.#files.get(source) ?? [];
  }

  /** Whether it is the root of a type or message, or one of `$defs`. */
  isDefinition({ schema }: Site): boolean {
    return this.#definitions.has(schema);
  }

  /** The sites of all `$ref`s that lead to a definition. */
  usesOf(site: Site): readonly Site[] {
    return this.#uses.get(site) ?? [];
  }

  /** The schemas that a keyword of a schema holds. */
  childrenOf(site: Site, keyword: string): readonly Site[] {
    return [...(this.#children.get(site)?.get(keyword)?.values() ?? [])];
  }

  /** The schema of a property, if the site itself describes it. */
  propertyOf(site: Site, name: string): Site | undefined {
    return this.#children.get(site)?.get("properties")?.get(name);
  }

  /** The site and what certainly applies as well: what `$ref` and `allOf` add to it, and again to that. */
  layersOf(site: Site): readonly Site[] {
    return this.#reached(site, LAYERS);
  }

  /** Those, and what may apply: each form and branch. */
  formsOf(site: Site): readonly Site[] {
    return this.#reached(site, sameValueKeywords);
  }

  /** Whether it is marked as sensitive, or what it leads to, or any part of that. */
  isMarked(site: Site): boolean {
    this.#marked ??= this.#leadingToMarks();
    return this.#marked.has(site);
  }

  #place(site: Site): void {
    const [keyword = "", key = ""] = site.via;
    if (site.parent === undefined) return;
    const keywords = this.#children.get(site.parent) ?? new Map<string, Map<string, Site>>();
    this.#children.set(site.parent, keywords);
    keywords.set(keyword, (keywords.get(keyword) ?? new Map<string, Site>()).set(key, site));
  }

  #reached(site: Site, keywords: ReadonlySet<string>): readonly Site[] {
    const found = new Set([site]);
    // A set visits what is added to it on the way.
    for (const at of found) {
      const target = this.#targets.get(at);
      if (target !== undefined) found.add(target);
      for (const keyword of keywords) for (const child of this.childrenOf(at, keyword)) found.add(child);
    }
    return [...found];
  }

  /** Looked for from the marks, so that each schema is visited once. */
  #leadingToMarks(): ReadonlySet<Site> {
    const all = [...this.#files.values()].flat();
    const found = new Set(all.filter(({ schema }) => schema.sensitive === true));
    for (const site of found) {
      if (site.parent !== undefined && site.via[0] !== "$defs") found.add(site.parent);
      for (const use of this.usesOf(site)) found.add(use);
    }
    return found;
  }
}

function addTo(lists: Map<Site, Site[]>, key: Site, site: Site): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [site]);
  else known.push(site);
}
