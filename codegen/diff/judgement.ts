import type { Encoding } from "../../runtime/contract/descriptor.js";
import { fieldsOf } from "../../runtime/contract/field.js";
import type { Path } from "../schema/pointer.js";
import type { Change } from "./change.js";
import { Changes } from "./changes.js";
import { Document } from "./document.js";
import type { Effect, Reader, Version } from "./effect.js";
import { beforeEncryption, encryptionEffects } from "./encryption.js";
import { Inclusion } from "./inclusion.js";
import type { Obstacle } from "./proof.js";
import { Sameness } from "./sameness.js";
import { Search, type Witness } from "./search.js";
import { type Part, schemaOf, Trial, writtenSchemaOf } from "./trial.js";

/** A change of a message with what follows from it. */
export interface Judged {
  readonly change: Change;
  readonly part: Part;
  /** What each side's readers do with what the other side writes, where it is not what was meant. */
  readonly effects: readonly Effect[];
}

/** Judges every difference between two versions of a message, or of its result. */
export function judge(before: Version, after: Version, part: Part): readonly Judged[] {
  const old = new Document(schemaOf(before.descriptor, part));
  const now = new Document(schemaOf(after.descriptor, part));
  const sameness = new Sameness(old, now);
  const changes = new Changes(old, now, sameness).all();
  const effectsOf = (change: Change): readonly Effect[] => encryptionEffects(change, { before, after, part });
  const isWritten = changes.some(({ rule }) => rule === "tolerated-added" || rule === "tolerated-removed");
  // What says the same is read alike, whatever can be proved of it.
  if (!isWritten && sameness.schemas(old.root, now.root))
    return changes.map((change) => ({ change, part, effects: effectsOf(change) }));
  const told = changes.some(({ rule }) => !IDLE.has(rule)) ? changes : [...changes, wholeChange(old, now)];
  const effects = new Map<Change, Effect[]>(told.map((change) => [change, [...effectsOf(change)]]));
  for (const [reader, from, to] of [
    ["old", plain(after), plain(before)],
    ["new", plain(before), plain(after)],
  ] as const) {
    const direction = new Direction(from, to, part);
    for (const [change, effect] of direction.effects(told, reader)) effects.get(change)?.push(effect);
  }
  return told.map((change) => ({ change, part, effects: effects.get(change) ?? [] }));
}

function plain(version: Version): Version {
  return { ...version, descriptor: beforeEncryption(version.descriptor) };
}

/** A difference that no single keyword shows. */
function wholeChange(old: Document, now: Document): Change {
  const sentence = "what it may hold differs";
  return { rule: "schema-changed", at: [], keyword: "", sentence, before: old.root, after: now.root };
}

/** What is written by one version and read by another. */
class Direction {
  readonly #obstacles: readonly Obstacle[];
  readonly #search: Search;

  constructor(from: Version, to: Version, part: Part) {
    const encodings: readonly Encoding[] = from.encoding === "fields" ? ["fields", "json"] : ["json"];
    const reader = new Document(schemaOf(to.descriptor, part));
    const inclusion = new Inclusion(new Document(writtenSchemaOf(from.descriptor, part)), reader);
    const isText = encodings.includes("fields") || from.descriptor.kind === "notification";
    const kinds = part === "message" && isText ? kindObstacles(from, to) : [];
    const spelt = part === "message" ? respelt(from, to) : [];
    const found = inclusion
      .obstacles()
      .filter(({ at: [name = "", ...rest] }) => rest.length > 0 || !spelt.includes(name));
    this.#obstacles = distinct([...found, ...kinds]);
    const trial = new Trial(from.descriptor, to.descriptor, part, encodings);
    this.#search = new Search(new Document(schemaOf(from.descriptor, part)), reader, trial);
  }

  effects(changes: readonly Change[], reader: Reader): ReadonlyMap<Change, Effect> {
    const found = new Map<Change, Effect>();
    const add = (change: Change, effect: Effect): void => {
      const known = found.get(change);
      if (known === undefined || strength(effect) > strength(known)) found.set(change, effect);
    };
    for (const obstacle of this.#obstacles) {
      const change = blame(changes, obstacle);
      if (change === undefined) continue;
      add(change, effectOf(reader, found.get(change)?.witness ?? this.#search.witnessAt(obstacle.at)));
    }
    for (const change of changes) {
      if (!found.has(change)) this.#doubt(change, changes, (blamed, witness) => add(blamed, effectOf(reader, witness)));
      const lost = change.renamed && !found.has(change) ? this.#loss(change, change.renamed, reader) : undefined;
      if (lost !== undefined) add(change, { reader, kind: "loses", witness: lost });
    }
    return found;
  }

  /** Tries values at a place of which it is proved that they are read. */
  #doubt(change: Change, changes: readonly Change[], onFound: (change: Change, witness: Witness) => void): void {
    const isBlamed = (at: Path): boolean =>
      this.#obstacles.some((obstacle) =>
        obstacle.at.every((key, depth) => at[depth] === undefined || at[depth] === key),
      );
    if (isBlamed(change.at)) return;
    const witness = this.#search.doubtAt(change.at);
    if (witness === undefined) return;
    onFound(blame(changes, { at: change.at, keyword: change.keyword }) ?? change, witness);
  }

  /** A message whose value of a renamed property nobody sees any more. */
  #loss(
    { at }: Change,
    { from, to }: { readonly from: string; readonly to: string },
    reader: Reader,
  ): Witness | undefined {
    const [written, read] = reader === "new" ? [from, to] : [to, from];
    const parent = at.slice(0, -1);
    let left = 300;
    for (const value of this.#search.messagesWith([...parent, written])) {
      if (left-- <= 0) return undefined;
      const outcome = this.#search.run(value);
      if (outcome?.refused.length !== 0) continue;
      const holders = valuesAt(value, parent).filter((holder) => Object.hasOwn(holder, written));
      const isLost =
        holders.length > 0 && valuesAt(outcome.read, parent).every((holder) => !Object.hasOwn(holder, read));
      if (isLost) return { value, issues: [], channels: [], changed: written };
    }
    return undefined;
  }
}

function strength({ kind, witness }: Effect): number {
  return kind === "refuses" ? 3 : kind === "loses" ? 2 : witness === undefined ? 0 : 1;
}

function effectOf(reader: Reader, witness: Witness | undefined): Effect {
  if (witness === undefined) return { reader, kind: "unproved", witness };
  return { reader, kind: witness.issues.length > 0 ? "refuses" : "loses", witness };
}

/** Top-level constants that differ in case only: each version reads the other's as its own. */
function respelt(from: Version, to: Version): readonly string[] {
  const theirs = fieldsOf(to.descriptor.schema).byName;
  return fieldsOf(from.descriptor.schema).constants.flatMap(({ name, constant }) => {
    const other = theirs.get(name)?.constant;
    return typeof other === "string" && other.toLowerCase() === String(constant).toLowerCase() ? [name] : [];
  });
}

/** Top-level properties whose text, as a field or in a live notification, the other version reads as something else. */
function kindObstacles(from: Version, to: Version): readonly Obstacle[] {
  const texts = ["text", "instant"];
  const theirs = fieldsOf(to.descriptor.schema).byName;
  return fieldsOf(from.descriptor.schema).list.flatMap(({ name, kind }) => {
    const other = theirs.get(name)?.kind;
    const isSame = other === undefined || other === kind || (texts.includes(other) && texts.includes(kind));
    return isSame ? [] : [{ at: [name], keyword: "type" }];
  });
}

function distinct(obstacles: readonly Obstacle[]): readonly Obstacle[] {
  return [
    ...new Map(obstacles.map((obstacle) => [`${obstacle.keyword} ${JSON.stringify(obstacle.at)}`, obstacle])).values(),
  ];
}

/** Changes that only describe. */
const IDLE = new Set([
  ...["documentation-changed", "sensitive-changed", "encrypt-changed", "subject-changed", "default-changed"],
  "type-renamed",
]);

/** The change that an obstacle comes from: the nearest to its place, and of those at one place that of its keyword. */
function blame(changes: readonly Change[], { at, keyword }: Obstacle): Change | undefined {
  const nearness = (change: Change): number => {
    if (IDLE.has(change.rule)) return -1;
    const shared = change.at.findIndex((key, depth) => !(at[depth] === key || at[depth] === "*" || key === "*"));
    const common = shared === -1 ? Math.min(change.at.length, at.length) : shared;
    const apart = change.at.length + at.length - 2 * common;
    return 1000 + common * 20 - apart * 8 + (change.keyword === keyword ? 5 : 0);
  };
  const [best] = [...changes].sort((a, b) => nearness(b) - nearness(a));
  return best !== undefined && nearness(best) >= 0 ? best : undefined;
}

/** The objects at a place of a value. */
function valuesAt(value: unknown, at: Path): readonly object[] {
  if (typeof value !== "object" || value === null) return [];
  const [key, ...rest] = at;
  if (key === undefined) return [value];
  const inner = key === "*" ? Object.values(value) : [(value as Record<string, unknown>)[key]];
  return inner.flatMap((each) => valuesAt(each, rest));
}
