import { derivedFrom, originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { nameOf, namesIn, refTo } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { mapChildren } from "../schema/walk.js";
import { Answers } from "./answer.js";
import { choicesOfThemselves } from "./circle.js";
import type { Definition } from "./definition.js";
import { type MergeContext, merge } from "./merge.js";
import { isDefinition, type References } from "./reference.js";

/**
 * Flattens schemas. Schemas that apply together (`$ref` beside other keywords, `allOf`) are merged into one, and every
 * remaining `$ref` is `#/$defs/<name of a definition>`.
 */
export class Flattener {
  readonly problems: Problem[] = [];
  readonly #references: References;
  readonly #byName = new Map<string, Definition>();
  readonly #done = new Map<Definition, Schema>();
  readonly #closures = new WeakMap<Schema, readonly Definition[]>();
  readonly #wholes = new Map<Definition, Schema>();
  readonly #open = new Set<Definition>();
  readonly #expanding = new Set<Definition>();
  readonly #endless: ReadonlyMap<Definition, unknown>;
  readonly #context: MergeContext = {
    expand: (reference) => this.expand(reference),
    peek: (reference) => this.#peek(reference),
    onConflict: (where, keyword, sentence) => this.#report(where, keyword, { rule: "contradiction", sentence }),
    implied: new Answers(),
    mayClose: false,
    merging: new Set(),
  };

  constructor(references: References, definitions: readonly Definition[]) {
    this.#references = references;
    for (const definition of definitions) this.#byName.set(definition.name, definition);
    const endless = choicesOfThemselves(definitions, references);
    this.#endless = endless;
    for (const [{ name, source }, path] of endless) {
      const sentence = `"${name}" is a choice of itself; put a property or an item between`;
      this.problems.push(source.problem(path, sentence, { rule: "circular-reference" }));
    }
  }

  /** The flat schema of a definition. For a message it is always the whole object, never a bare `$ref`. */
  definition(definition: Definition): Schema {
    const done = this.#done.get(definition);
    if (done !== undefined) return done;
    this.#open.add(definition);
    const flat = this.#flatten(definition.schema);
    const whole = definition.message === undefined ? flat : this.#expand(flat);
    this.#open.delete(definition);
    this.#done.set(definition, whole);
    return whole;
  }

  /** A flat schema with its own `$ref` resolved. */
  expand(schema: Schema): Schema {
    return this.#expand(schema);
  }

  /** The flat schema of what two flat schemas both accept; `undefined` if they contradict each other. */
  both(one: Schema, other: Schema): Schema | undefined {
    let isContradictory = false;
    const onConflict = (): void => {
      isContradictory = true;
    };
    const merged = merge(one, other, { ...this.#context, onConflict, merging: new Set() });
    return isContradictory ? undefined : merged;
  }

  /** The definitions that a flat schema refers to, directly or indirectly, sorted by name. */
  closure(schema: Schema): readonly Definition[] {
    const known = this.#closures.get(schema);
    if (known !== undefined) return known;
    const found = new Map<string, Definition>();
    const add = (from: Schema): void => {
      for (const name of namesIn(from)) {
        const definition = this.#byName.get(name);
        if (definition === undefined || found.has(name)) continue;
        found.set(name, definition);
        add(this.definition(definition));
      }
    };
    add(schema);
    const closure = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#closures.set(schema, closure);
    return closure;
  }

  /** A flat schema with the definitions that it refers to, so that it can be used alone. */
  whole(schema: Schema): Schema {
    const needed = this.closure(schema).map((found) => [found.name, this.definition(found)] as const);
    return needed.length === 0 ? schema : derivedFrom({ ...schema, $defs: Object.fromEntries(needed) }, schema);
  }

  #flatten(schema: Schema): Schema {
    const { $ref, allOf } = schema;
    const own = derivedFrom(
      mapChildren(ownPart(schema), (child) => this.#flatten(child)),
      schema,
    );
    const layers: Schema[] = [];
    if ($ref !== undefined) layers.push(this.#link(schema, $ref));
    for (const layer of allOf ?? []) layers.push(this.#flatten(layer));
    return [...layers, own].reduce((base, child) => merge(base, child, this.#context));
  }

  #link(schema: Schema, ref: string): Schema {
    const source = originOf(schema)?.source;
    const target = source && this.#references.resolve(source, ref);
    if (target === undefined || !isDefinition(target) || this.#endless.has(target)) return {};
    return derivedFrom({ $ref: refTo(target.name) }, schema);
  }

  #expand(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const { $ref, ...notes } = schema;
    const target = this.#byName.get(nameOf($ref));
    if (target === undefined) return notes;
    if (this.#open.has(target)) {
      const sentence = `"${target.name}" refers to itself; a circular "$ref" must not have other keywords beside it`;
      this.#report(schema, "$ref", { rule: "circular-reference", sentence });
      return notes;
    }
    const whole = this.#wholeOf(target);
    return whole === undefined ? notes : derivedFrom({ ...whole, ...notes }, schema, whole);
  }

  /** The flat schema of a definition with its own `$ref` resolved; `undefined` if that leads back to the definition. */
  #wholeOf(definition: Definition): Schema | undefined {
    const known = this.#wholes.get(definition);
    if (known !== undefined) return known;
    if (this.#expanding.has(definition)) {
      const sentence = `"${definition.name}" refers only to itself and defines no schema`;
      this.#report(definition.schema, "$ref", { rule: "circular-reference", sentence });
      return undefined;
    }
    const before = this.problems.length;
    this.#expanding.add(definition);
    const whole = this.#expand(this.definition(definition));
    this.#expanding.delete(definition);
    // What could not be resolved is a problem at each place that leads to it.
    if (this.problems.length === before) this.#wholes.set(definition, whole);
    return whole;
  }

  #peek(schema: Schema): Schema | undefined {
    const passed = new Set<Definition>();
    let whole = schema;
    while (whole.$ref !== undefined) {
      const target = this.#byName.get(nameOf(whole.$ref));
      if (target === undefined || this.#open.has(target) || passed.has(target)) return undefined;
      passed.add(target);
      whole = this.definition(target);
    }
    return whole;
  }

  #report(schema: Schema, keyword: string, { rule, sentence }: Pick<Problem, "rule" | "sentence">): void {
    const origin = originOf(schema, (written) => keyword in written);
    if (origin !== undefined) this.problems.push(origin.source.problem([...origin.path, keyword], sentence, { rule }));
  }
}

/** A schema without what leads to others, and without names. Most have neither, and stay what they are. */
function ownPart(schema: Schema): Schema {
  if (!apart.some((keyword) => schema[keyword] !== undefined)) return schema;
  const { $ref: _ref, allOf: _layers, $defs: _defs, $schema: _dialect, title: _title, ...rest } = schema;
  return rest;
}

const apart = ["$ref", "allOf", "$defs", "$schema", "title"];
