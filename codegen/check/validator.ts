import type { Ajv2020 } from "ajv/dist/2020.js";
import { Closing } from "../../runtime/contract/closing.js";
import { formats, tolerantFormats } from "../../runtime/contract/format.js";
import { withNumberBounds } from "../../runtime/contract/number-bounds.js";
import { separateTypes } from "../../runtime/contract/separate-types.js";
import { withoutTolerated } from "../../runtime/contract/tolerated.js";
import { ajvFor, compileWriter, type FormatChecks } from "../../runtime/contract/validation.js";
import type { Issue } from "../../runtime/errors.js";
import type { Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";

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
  readonly #writer = checkingAjv(formats);
  readonly #reader = checkingAjv(tolerantFormats);
  readonly #compiled = new Map<string, Validator | undefined>();

  constructor(model: Model) {
    this.#model = model;
    const definitions = new Map(model.definitions.map((found) => [found.name, model.flattener.definition(found)]));
    const written = [...definitions].map(([name, schema]) => [name, withoutTolerated(schema)] as const);
    this.#closing = new Closing(Object.fromEntries(written));
    separateTypes(this.#writer, (name) => withNumberBounds(this.#closing.definitions.get(name) ?? {}));
    separateTypes(this.#reader, (name) => withNumberBounds(definitions.get(name) ?? {}));
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
      const accepts = this.#writer.compile(withNumberBounds(this.#closing.close(withoutTolerated(schema))));
      this.#reader.compile(withNumberBounds(schema));
      return (value) => (accepts(value) ? [] : this.#describe(schema, value));
    } catch {
      return undefined;
    }
  }

  #describe(schema: Schema, value: unknown): readonly Issue[] {
    return compileWriter(this.#model.flattener.whole(schema))(value) ?? [];
  }
}

/** Each check runs once or twice, so optimizing its code would take longer than running it. */
function checkingAjv(checks: FormatChecks): Ajv2020 {
  return ajvFor(checks, false, { code: { optimize: false } });
}
