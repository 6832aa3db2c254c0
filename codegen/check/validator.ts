import type { Ajv2020 } from "ajv/dist/2020.js";
import { Closing } from "../../runtime/contract/closing.js";
import { formats, tolerantFormats } from "../../runtime/contract/format.js";
import { withoutTolerated } from "../../runtime/contract/tolerated.js";
import { ajvFor, compileWriter } from "../../runtime/contract/validation.js";
import type { Issue } from "../../runtime/errors.js";
import type { Model } from "../model/model.js";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { mapChildren } from "../schema/walk.js";

/** Returns the issues that the strict writer would find in a value. */
export type Validator = (value: unknown) => readonly Issue[];

/**
 * Compiles the checks of a catalogue: the strict writer's, and the tolerant reader's to see that it can be compiled. A
 * definition is compiled once for all messages that use it. Only a rejected value is passed to the runtime's own check,
 * which describes the issues.
 */
export class Validators {
  readonly #model: Model;
  readonly #closing: Closing;
  readonly #writers = new SharedAjv(ajvFor(formats, false));
  readonly #readers = new SharedAjv(ajvFor(tolerantFormats, false));
  readonly #compiled = new Map<string, Validator | undefined>();

  constructor(model: Model) {
    this.#model = model;
    const definitions = model.definitions.map((found) => [found.name, model.flattener.definition(found)] as const);
    const written = definitions.map(([name, schema]) => [name, withoutTolerated(schema)] as const);
    this.#closing = new Closing(Object.fromEntries(written));
    this.#readers.add(new Map(definitions));
  }

  /** The check of a flat schema; `undefined` if it cannot be compiled. */
  of(schema: Schema): Validator | undefined {
    const { default: _default, examples: _examples, description: _description, ...bare } = schema;
    const key = JSON.stringify(bare);
    if (!this.#compiled.has(key)) this.#compiled.set(key, this.#compile(bare));
    return this.#compiled.get(key);
  }

  #compile(schema: Schema): Validator | undefined {
    try {
      const closed = this.#closing.close(withoutTolerated(schema)) as Schema;
      this.#writers.add(this.#closing.definitions as ReadonlyMap<string, Schema>);
      const accepts = this.#writers.compile(closed);
      this.#readers.compile(schema);
      return (value) => (accepts(value) ? [] : this.#describe(schema, value));
    } catch {
      return undefined;
    }
  }

  #describe(schema: Schema, value: unknown): readonly Issue[] {
    const { flattener } = this.#model;
    const needed = flattener.closure(schema).map((found) => [found.name, flattener.definition(found)] as const);
    return compileWriter({ ...schema, $defs: Object.fromEntries(needed) })(value) ?? [];
  }
}

/** An Ajv in which schemas share their definitions. */
class SharedAjv {
  readonly #ajv: Ajv2020;
  readonly #keys = new Map<string, string>();
  readonly #added = new Set<string>();

  constructor(ajv: Ajv2020) {
    this.#ajv = ajv;
    // Each check runs once or twice, so optimizing it would take longer than running it.
    ajv.opts.code.optimize = 0;
  }

  add(definitions: ReadonlyMap<string, Schema>): void {
    for (const [name, schema] of definitions) {
      if (this.#added.has(name)) continue;
      this.#added.add(name);
      this.#ajv.addSchema(this.#shared(schema), this.#keyOf(name));
    }
  }

  compile(schema: Schema): (value: unknown) => boolean {
    return this.#ajv.compile(this.#shared(schema));
  }

  #keyOf(name: string): string {
    const key = this.#keys.get(name) ?? `definition-${this.#keys.size}`;
    this.#keys.set(name, key);
    return key;
  }

  /** Redirects a schema's `$ref`s to the separately compiled definitions. */
  #shared(schema: Schema): Schema {
    const mapped = mapChildren(schema, (child) => this.#shared(child));
    return mapped.$ref === undefined ? mapped : { ...mapped, $ref: this.#keyOf(nameOf(mapped.$ref)) };
  }
}
