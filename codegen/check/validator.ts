import type { Ajv2020 } from "ajv/dist/2020.js";
import { formats } from "../../runtime/contract/format.js";
import { ajvFor, closeSchema, compileWriter } from "../../runtime/contract/validation.js";
import type { Issue } from "../../runtime/errors.js";
import type { Model } from "../model/model.js";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { mapChildren } from "../schema/walk.js";

/** Returns the issues that the strict writer would find in a value. */
export type Validator = (value: unknown) => readonly Issue[];

/**
 * Compiles the strict writer's checks for a catalogue. A definition is compiled once for all messages that use it. Only
 * a rejected value is passed to the runtime's own check, which describes the issues.
 */
export class Validators {
  readonly #model: Model;
  readonly #ajv: Ajv2020;
  /** Redirects a schema's `$ref`s to the separately compiled definitions. */
  readonly #shared: (schema: Schema) => Schema;
  readonly #compiled = new Map<string, Validator | string>();

  constructor(model: Model) {
    this.#model = model;
    this.#ajv = ajvFor(formats, false);
    // Each check runs once or twice, so optimizing it would take longer than running it.
    this.#ajv.opts.code.optimize = 0;
    const byName = new Map(model.definitions.map((definition) => [definition.name, definition]));
    const keys = new Map([...byName.keys()].map((name, at) => [name, `definition-${at}`]));
    this.#shared = (schema) => {
      const mapped = mapChildren(schema, this.#shared);
      return mapped.$ref === undefined ? mapped : { ...mapped, $ref: keys.get(nameOf(mapped.$ref)) ?? "" };
    };
    for (const [name, definition] of byName) {
      this.#ajv.addSchema(this.#shared(closeSchema(model.flattener.definition(definition))), keys.get(name));
    }
  }

  /** The check of a flat schema, or the reason why it cannot be compiled. */
  of(schema: Schema): Validator | string {
    const { default: _default, examples: _examples, description: _description, ...bare } = schema;
    const key = JSON.stringify(bare);
    let validator = this.#compiled.get(key);
    if (validator === undefined) {
      validator = this.#compile(bare);
      this.#compiled.set(key, validator);
    }
    return validator;
  }

  #compile(schema: Schema): Validator | string {
    try {
      const accepts = this.#ajv.compile(this.#shared(closeSchema(schema)));
      return (value) => (accepts(value) ? [] : this.#describe(schema, value));
    } catch (error) {
      return `cannot be compiled: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #describe(schema: Schema, value: unknown): readonly Issue[] {
    const { flattener } = this.#model;
    const needed = flattener.closure(schema).map((found) => [found.name, flattener.definition(found)] as const);
    return compileWriter({ ...schema, $defs: Object.fromEntries(needed) })(value) ?? [];
  }
}
