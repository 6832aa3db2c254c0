import { setOwn } from "./field.js";
import { pathOf } from "./issue-path.js";
import type { JsonSchema } from "./json-schema.js";
import { childrenOf, hasMark, inPlace, isMarked, MASKED } from "./sensitive.js";

/** What lies deeper is not shown. */
const DEEPEST = 64;
/** So many paths are listed. */
const MOST_PATHS = 100;

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
  const masking = new Masking(root);
  return { value: masking.shown(value, inPlace(root, [root]), []), masked: masking.paths };
}

class Masking {
  readonly paths: string[] = [];
  readonly #root: JsonSchema;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** @param schemas - all that apply, or may apply, to the value */
  shown(value: unknown, schemas: readonly JsonSchema[], keys: readonly string[]): unknown {
    const holdsNothing = typeof value !== "object" || value === null;
    // A text may be the JSON of what the schema expects.
    const isHidden = schemas.some(isMarked) || (holdsNothing && value !== null && hasMark(this.#root, schemas));
    if (isHidden || keys.length > DEEPEST) return this.#hidden(keys);
    if (holdsNothing) return value;
    if (Array.isArray(value)) return value.map((item, at) => this.#child(item, String(at), schemas, keys));
    // Names that are hidden could not be told apart, and not be put back in a copy.
    const names = inPlace(
      this.#root,
      schemas.map(({ propertyNames }) => propertyNames),
    );
    if (names.some(isMarked)) return this.#hidden(keys);
    const shown: Record<string, unknown> = {};
    for (const [name, child] of Object.entries(value)) setOwn(shown, name, this.#child(child, name, schemas, keys));
    return shown;
  }

  #child(value: unknown, token: string, schemas: readonly JsonSchema[], keys: readonly string[]): unknown {
    const children = schemas.flatMap((schema) => childrenOf(schema, token));
    const path = [...keys, token];
    const isDescribed = children.some((child) => child !== undefined && child !== false) || !schemas.some(saysWhich);
    return isDescribed ? this.shown(value, inPlace(this.#root, children), path) : this.#hidden(path);
  }

  #hidden(keys: readonly string[]): string {
    if (this.paths.length < MOST_PATHS) this.paths.push(pathOf(keys));
    return MASKED;
  }
}

/** Whether a schema says which properties or items its value has. */
function saysWhich(schema: JsonSchema): boolean {
  return ["properties", "patternProperties", "additionalProperties", "items", "prefixItems"].some(
    (keyword) => schema[keyword] !== undefined,
  );
}
