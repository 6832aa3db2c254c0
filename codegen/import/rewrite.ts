import { derivedFrom, originOf } from "../load/origin.js";
import { annotations } from "../schema/keyword.js";
import { faultsOf } from "../schema/keyword-value.js";
import { pointerOf, valueAt } from "../schema/pointer.js";
import { isObject, sameValueKeywords } from "../schema/walk.js";
import { type Addresses, isPlace, RECURSIVE } from "./address.js";
import { type Definition, type Definitions, isNamed, isRoot, keyOf, refFrom } from "./definition.js";
import { type Change, type Hindrance, hindrance, type Place } from "./document.js";
import { mapInner, type Raw, without } from "./raw.js";
import { declareRequired } from "./required.js";
import type { ChangeName } from "./rule.js";
import { rules } from "./rules/index.js";
import { hasType } from "./rules/shape.js";

/** A definition as the catalogue has it. */
export interface Rewritten {
  readonly schema: Raw;
  readonly changes: readonly Change[];
  readonly hindrances: readonly Hindrance[];
  /** The definitions that it refers to. */
  readonly needs: ReadonlySet<Definition>;
}

const targets = new WeakMap<object, Definition>();

/** The definition that the `$ref` of a rewritten schema leads to. */
export function targetOf(schema: Raw): Definition | undefined {
  return targets.get(schema);
}

/** Rewrites parts of documents as parts of a catalogue's files. */
export class Rewriter {
  readonly #addresses: Addresses;
  readonly #definitions: Definitions;

  constructor(addresses: Addresses, definitions: Definitions) {
    this.#addresses = addresses;
    this.#definitions = definitions;
  }

  /** Rewrites a definition, all that is inside it included. */
  rewrite(definition: Definition): Rewritten {
    return this.at(definition.place, definition.file, definition);
  }

  /** Rewrites the part at a place for a file of the catalogue. */
  at(place: Place, file: string, definition?: Definition): Rewritten {
    const changes: Change[] = [];
    const hindrances: Hindrance[] = [];
    const needs = new Set<Definition>();
    const shownPath = place.document.source.shownPath;
    const note = (at: Place, rule: ChangeName, keyword = "", detail?: string): void => {
      const pointer = pointerOf(keyword === "" ? at.path : [...at.path, keyword]);
      changes.push({ rule, file: shownPath, pointer, ...(detail !== undefined && { detail }) });
    };
    const visit = (value: unknown, at: Place, isTyped: boolean, isTest: boolean): unknown => {
      if (!isObject(value)) return value;
      const here = { document: at.document, path: originOf(value)?.path ?? at.path };
      const rule = {
        draft: at.document.draft,
        isTyped,
        isTest,
        note: (name: ChangeName, keyword: string, detail?: string): void => note(here, name, keyword, detail),
      };
      const refuse = (keyword: string, sentence: string): number =>
        hindrances.push(hindrance({ ...here, path: [...here.path, keyword] }, "ambiguous-reference", sentence));
      const referring = this.#referring(value, rule.note, refuse);
      const changed = rules.reduce((schema, rewrite) => rewrite(schema, rule), referring);
      for (const [keyword, one] of Object.entries(changed)) {
        for (const { path, rule: broken, sentence } of faultsOf(keyword, one)) {
          hindrances.push(hindrance({ ...here, path: [...here.path, keyword, ...path] }, broken, sentence));
        }
      }
      const isHereTyped = isTyped || hasType(changed);
      const inner = mapInner(changed, (child, [keyword = ""]) =>
        visit(
          child,
          here,
          sameValueKeywords.has(keyword) && isHereTyped,
          isTest || keyword === "not" || keyword === "if",
        ),
      );
      const { $ref } = inner;
      if (typeof $ref !== "string") return derivedFrom({ ...inner }, value);
      const found = this.#addresses.resolve($ref, here);
      if (!isPlace(found)) {
        hindrances.push(hindrance({ ...here, path: [...here.path, "$ref"] }, found.rule, found.sentence));
        return derivedFrom({ ...inner }, value);
      }
      const target = this.#definitions.at(found);
      needs.add(target);
      if (keyOf(target.place) !== keyOf(found)) note(here, "equal-definition", "$ref", target.file);
      else if (target.file !== file) note(here, "shared-type", "$ref", target.file);
      else if (!isNamed(found)) note(here, "named-part", "$ref", target.name);
      const redirected = derivedFrom({ ...inner, $ref: refFrom(file, target) }, value);
      targets.set(redirected, target);
      return redirected;
    };
    const raw = valueAt(place.document.value, place.path);
    const whole = typeof raw === "boolean" ? (raw ? {} : { not: {} }) : visit(raw, place, false, false);
    if (!isObject(whole)) hindrances.push(hindrance(place, "schema-form", "is no schema: it must be an object"));
    const made = isObject(whole) ? whole : {};
    if (
      definition !== undefined &&
      isRoot(definition) &&
      Object.keys(made).every((keyword) => annotations.has(keyword))
    ) {
      hindrances.push(hindrance(place, "no-schema", "says nothing about values"));
    }
    declareRequired(made, (schema, name) =>
      note({ ...place, path: originOf(schema)?.path ?? place.path }, "required-name", "required", `"${name}"`),
    );
    const schema = definition === undefined ? made : named(made, definition, (...what) => note(place, ...what));
    return { schema, changes, hindrances, needs };
  }

  /** A reference that validators resolve as they run becomes a `$ref`, if there is one place that it may lead to. */
  #referring(
    schema: Raw,
    note: (name: ChangeName, keyword: string) => void,
    refuse: (keyword: string, sentence: string) => void,
  ): Raw {
    for (const keyword of ["$recursiveRef", "$dynamicRef"]) {
      const ref = schema[keyword];
      if (typeof ref !== "string") continue;
      const anchor = keyword === "$recursiveRef" ? RECURSIVE : (ref.split("#")[1] ?? "");
      if (this.#addresses.anchors(anchor).length > 1) {
        refuse(keyword, `"${ref}" may lead to several schemas, depending on where it is reached from; use "$ref"`);
        continue;
      }
      note("recursive-reference", keyword);
      return derivedFrom({ ...without(schema, keyword), $ref: ref }, schema);
    }
    return schema;
  }
}

/** A definition is called by its key, and the whole of a file by its title. */
function named(
  schema: Raw,
  definition: Definition,
  note: (rule: ChangeName, keyword?: string, detail?: string) => void,
): Raw {
  const { title, description } = schema;
  const { name, found } = definition;
  if (!isRoot(definition) && found !== name) note("definition-name", "", `"${found}" is ${name}`);
  if (title === undefined && !isRoot(definition)) return schema;
  if (typeof title === "string" && title !== name) note("title", "title", `"${title}"`);
  const says = description ?? title;
  const copy = derivedFrom(
    {
      ...(isRoot(definition) && { title: name }),
      ...(typeof says === "string" && says !== name && { description: says }),
      ...without(schema, "title", "description"),
    },
    schema,
  );
  const target = targets.get(schema);
  if (target !== undefined) targets.set(copy, target);
  return copy;
}
