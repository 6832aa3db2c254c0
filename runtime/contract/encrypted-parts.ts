import type { PlainMessage } from "./codec.js";
import { type EncryptMark, hasEncrypted, markOf, reachesEncrypted } from "./encrypt.js";
import { setOwn } from "./field.js";
import type { JsonSchema } from "./json-schema.js";
import { patternOf } from "./pattern.js";
import { inPlace } from "./sensitive.js";

type Container = Record<string, unknown>;

/** A value of a message that is to be encrypted, or to be read. */
export class Part implements EncryptMark {
  readonly encrypt: EncryptMark["encrypt"];
  readonly subject: readonly string[] | undefined;
  /** The keys to the value, with those of maps and the indexes of lists. */
  readonly path: readonly string[];
  readonly #holder: Container;

  constructor({ encrypt, subject }: EncryptMark, path: readonly string[], holder: Container) {
    this.encrypt = encrypt;
    this.subject = subject;
    this.path = path;
    this.#holder = holder;
  }

  get value(): unknown {
    return this.#holder[this.path[this.path.length - 1] as string];
  }

  set value(value: unknown) {
    setOwn(this.#holder, this.path[this.path.length - 1] as string, value);
  }
}

/** What of a message is encrypted, in one copy of the message. */
export interface Parted {
  /** The message, copied as far as its parts are to be replaced. */
  readonly message: PlainMessage;
  readonly parts: readonly Part[];
}

/**
 * Finds the encrypted values of messages by their schema alone. A value is encrypted if any schema that may apply to it says
 * so, whatever form of a choice the message has: writers and readers agree before either has judged it.
 */
export class EncryptedParts {
  readonly #root: Layer;

  private constructor(root: Layer) {
    this.#root = root;
  }

  /**
   * `undefined` for a schema that encrypts nothing.
   *
   * @param hasSubjects - whether values may be encrypted for a person. Those of a result, which is not kept, are not
   */
  static of(schema: JsonSchema, hasSubjects = true): EncryptedParts | undefined {
    if (!hasEncrypted(schema)) return undefined;
    const root = new Layers(schema, hasSubjects).of([schema]);
    return root === undefined ? undefined : new EncryptedParts(root);
  }

  /** The encrypted values of a message, in a copy in which they can be replaced. */
  in(message: PlainMessage): Parted {
    const parts: Part[] = [];
    return { message: copy(message, this.#root, [], parts) as PlainMessage, parts };
  }
}

function copy(value: unknown, layer: Layer, path: readonly string[], parts: Part[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const holder = (Array.isArray(value) ? [...value] : { ...value }) as Container;
  for (const key of Object.keys(value)) {
    const child = layer.child(key, Array.isArray(value));
    if (child === undefined || holder[key] === undefined) continue;
    const way = [...path, key];
    if (child.mark !== undefined) parts.push(new Part(child.mark, way, holder));
    else setOwn(holder, key, copy(holder[key], child, way, parts));
  }
  return holder;
}

/** The schemas that may apply to one value, of which some part is encrypted. */
class Layer {
  /** Set if the value itself is encrypted. */
  readonly mark: EncryptMark | undefined;
  readonly #schemas: readonly JsonSchema[];
  readonly #layers: Layers;
  readonly #declared = new Map<string, Layer | undefined>();
  #items: { readonly layer: Layer | undefined } | undefined;

  constructor(schemas: readonly JsonSchema[], layers: Layers) {
    const mark = markOf(schemas);
    this.mark = mark === undefined || layers.hasSubjects ? mark : { ...mark, subject: undefined };
    this.#schemas = schemas;
    this.#layers = layers;
    for (const name of schemas.flatMap(({ properties }) => Object.keys(properties ?? {}))) {
      this.#declared.set(name, UNKNOWN);
    }
  }

  child(key: string, isIndex: boolean): Layer | undefined {
    if (isIndex) return this.#item(Number(key));
    const known = this.#declared.get(key);
    if (known !== UNKNOWN && this.#declared.has(key)) return known;
    const layer = this.#layers.of(this.#schemas.flatMap((schema) => schemasOf(schema, key)));
    // The names that a map has are not counted, and not kept.
    if (known === UNKNOWN) this.#declared.set(key, layer);
    return layer;
  }

  #item(at: number): Layer | undefined {
    if (this.#schemas.some(({ prefixItems }) => prefixItems !== undefined)) {
      return this.#layers.of(
        this.#schemas.map(({ prefixItems, items }) => (prefixItems as JsonSchema[] | undefined)?.[at] ?? items),
      );
    }
    this.#items ??= { layer: this.#layers.of(this.#schemas.map(({ items }) => items)) };
    return this.#items.layer;
  }
}

/** Stands for a name that was not looked up yet. */
const UNKNOWN = Symbol("unknown") as unknown as Layer;

/** The layers of a schema, each of them once, since a schema may refer to itself. */
class Layers {
  readonly hasSubjects: boolean;
  readonly #root: JsonSchema;
  readonly #numbers = new Map<JsonSchema, number>();
  readonly #known = new Map<string, Layer | undefined>();

  constructor(root: JsonSchema, hasSubjects: boolean) {
    this.#root = root;
    this.hasSubjects = hasSubjects;
  }

  of(schemas: readonly unknown[]): Layer | undefined {
    const all = inPlace(this.#root, schemas);
    if (all.length === 0) return undefined;
    const key = all
      .map((schema) => this.#numberOf(schema))
      .sort((a, b) => a - b)
      .join();
    if (this.#known.has(key)) return this.#known.get(key);
    const layer = reachesEncrypted(this.#root, all) ? new Layer(all, this) : undefined;
    this.#known.set(key, layer);
    return layer;
  }

  #numberOf(schema: JsonSchema): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size;
    this.#numbers.set(schema, number);
    return number;
  }
}

/** The schemas that one schema has for a property. */
function schemasOf({ properties, patternProperties = {}, additionalProperties }: JsonSchema, name: string): unknown[] {
  const own = properties !== undefined && Object.hasOwn(properties, name) ? [properties[name]] : [];
  for (const [pattern, inner] of Object.entries(patternProperties as object)) {
    if (patternOf(pattern).test(name)) own.push(inner as JsonSchema);
  }
  return own.length > 0 ? own : [additionalProperties];
}
