import { setOwn } from "./field.js";
import { pathOf } from "./issue-path.js";
import type { JsonSchema } from "./json-schema.js";
import { childrenOf, hasMark, inPlace, isMarked, MASKED } from "./sensitive.js";

/** What lies deeper is not shown. */
const DEEPEST = 64;
/** So many paths are listed. */
const MOST_PATHS = 100;
/** So many places within one are kept. */
const MOST_KINDS = 1000;

/** A value as it may be shown. */
export interface Shown {
  /** The value with `…` for each part that is not shown. */
  readonly value: unknown;
  /** The paths to the first of these parts: none if the value is whole. */
  readonly masked: readonly string[];
}

/**
 * Masks the parts of a value that its schema marks as sensitive, and those of which its schema says nothing although it says
 * which properties there are: a newer version may have marked them. An object whose names are sensitive is masked as a whole.
 */
export function maskedValue(root: JsonSchema, value: unknown): Shown {
  const masking = new Masking();
  return { value: masking.shown(value, new Place(root, [root])), masked: masking.paths };
}

class Masking {
  readonly paths: string[] = [];
  /** The way to the value that is looked at. */
  readonly #keys: (string | number)[] = [];

  shown(value: unknown, place: Place): unknown {
    const holdsNothing = typeof value !== "object" || value === null;
    // A text may be the JSON of what the schema expects.
    const isHidden = place.isMarked || (holdsNothing && value !== null && place.holdsMark);
    if (isHidden || this.#keys.length > DEEPEST) return this.#hidden();
    if (holdsNothing) return value;
    if (Array.isArray(value)) return value.map((item, at) => this.#child(item, at, place.item(at)));
    // Names that are hidden could not be told apart, and not be put back in a copy.
    if (place.hidesNames) return this.#hidden();
    const shown: Record<string, unknown> = {};
    for (const [name, child] of Object.entries(value)) setOwn(shown, name, this.#child(child, name, place.child(name)));
    return shown;
  }

  #child(value: unknown, key: string | number, place: Place | undefined): unknown {
    this.#keys.push(key);
    const shown = place === undefined ? this.#hidden() : this.shown(value, place);
    this.#keys.pop();
    return shown;
  }

  #hidden(): string {
    if (this.paths.length < MOST_PATHS) this.paths.push(pathOf(this.#keys.map(String)));
    return MASKED;
  }
}

/** What a schema says of a value at one place, and of all values to which the same parts of it apply: found out once. */
class Place {
  readonly isMarked: boolean;
  readonly #root: JsonSchema;
  /** All that apply, or may apply, to the value. */
  readonly #schemas: readonly JsonSchema[];
  readonly #hasPatterns: boolean;
  /** From here on the same is said of each item of a list. */
  readonly #alikeFrom: number;
  #itemPlace: { readonly place: Place | undefined } | undefined;
  readonly #children = new Map<string, Place | undefined>();
  #holdsMark: boolean | undefined;
  #hidesNames: boolean | undefined;

  constructor(root: JsonSchema, schemas: readonly unknown[]) {
    this.#root = root;
    this.#schemas = inPlace(root, schemas);
    this.isMarked = this.#schemas.some(isMarked);
    this.#hasPatterns = this.#schemas.some(({ patternProperties }) => patternProperties !== undefined);
    const named = this.#schemas.some(({ properties }) => properties !== undefined);
    const places = this.#schemas.map(({ prefixItems }) => (prefixItems as readonly unknown[] | undefined)?.length ?? 0);
    this.#alikeFrom = this.#hasPatterns || named ? Number.POSITIVE_INFINITY : Math.max(0, ...places);
  }

  /** Whether any part of what may be there is marked. */
  get holdsMark(): boolean {
    this.#holdsMark ??= hasMark(this.#root, this.#schemas);
    return this.#holdsMark;
  }

  get hidesNames(): boolean {
    const names = (): readonly unknown[] => this.#schemas.map(({ propertyNames }) => propertyNames);
    this.#hidesNames ??= inPlace(this.#root, names()).some(isMarked);
    return this.#hidesNames;
  }

  /** The place of a property or an item; `undefined` where nothing is said of it, though it is said which there are. */
  child(token: string): Place | undefined {
    const kind = this.#kindOf(token);
    if (this.#children.has(kind)) return this.#children.get(kind);
    const children = this.#schemas.flatMap((schema) => childrenOf(schema, token));
    const isDescribed = children.some((child) => child !== undefined && child !== false);
    const child = isDescribed || !this.#schemas.some(saysWhich) ? new Place(this.#root, children) : undefined;
    // Each name with patterns may be of its own kind: a value has any number of these.
    if (this.#children.size < MOST_KINDS) this.#children.set(kind, child);
    return child;
  }

  item(at: number): Place | undefined {
    if (at < this.#alikeFrom) return this.child(String(at));
    this.#itemPlace ??= { place: this.child(String(at)) };
    return this.#itemPlace.place;
  }

  /** The same text for tokens of which the same is said. */
  #kindOf(token: string): string {
    const isItem = /^\d/.test(token);
    const isNamed = ({ properties, prefixItems }: JsonSchema): boolean =>
      (properties !== undefined && Object.hasOwn(properties, token)) ||
      (isItem && Number(token) < ((prefixItems as readonly unknown[] | undefined)?.length ?? 0));
    if (this.#hasPatterns || this.#schemas.some(isNamed)) return `=${token}`;
    return /^\d+$/.test(token) ? "item" : "property";
  }
}

/** Whether a schema says which properties or items its value has. */
function saysWhich(schema: JsonSchema): boolean {
  return ["properties", "patternProperties", "additionalProperties", "items", "prefixItems"].some(
    (keyword) => schema[keyword] !== undefined,
  );
}
