import { keysOf } from "../../runtime/contract/issue-path.js";
import { MASKED } from "../../runtime/contract/sensitive.js";
import type { Issue } from "../../runtime/errors.js";
import type { Path } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import type { Document } from "./document.js";
import { type Place, Pool } from "./pool.js";
import type { Channel, Outcome, Trial } from "./trial.js";

/** A message that one side writes and the other does not read as it was meant, found by letting both do it. */
export interface Witness {
  readonly value: unknown;
  /** Why the reader refuses it; empty if it reads something else. */
  readonly issues: readonly Issue[];
  readonly channels: readonly Channel[];
  /** The property that is read as another value. */
  readonly changed: string | undefined;
}

/** So many values are tried at a place before it is given up. */
const MOST_TRIALS = 6000;
/** So many are tried where it is proved that all are read: a proof that errs must not go unnoticed. */
const FEW_TRIALS = 250;
/** So many more are tried for a witness that says less besides. */
const MORE_TRIALS = 80;
/** Where a message has none, so many values are tried as what is around a place. */
const MOST_AROUND = 40;

/** Searches messages that a writer may write and a reader refuses, at the places that an edit touches. */
export class Search {
  readonly #pool: Pool;
  readonly #trial: Trial;
  /** The examples of the schema. */
  readonly #written: readonly unknown[];
  #bases: readonly unknown[] | undefined;

  constructor(writer: Document, reader: Document, trial: Trial) {
    this.#pool = new Pool(writer, reader);
    this.#trial = trial;
    this.#written = this.#writable(writer.root.examples ?? [], 6);
  }

  /** The outcome of a value; `undefined` if it may not be written. */
  run(value: unknown): Outcome | undefined {
    return this.#trial.run(value);
  }

  /** The plainest message found that is refused, or read otherwise, for something at this place; at any place for `[]`. */
  witnessAt(at: Path): Witness | undefined {
    return this.#plainest(this.#plain(at), at) ?? this.#plainest(this.#further(at), at);
  }

  /** The same, by a few messages where there are examples to begin with. */
  doubtAt(at: Path): Witness | undefined {
    const messages = this.#written.length > 0 ? this.#plain(at) : this.#further(at);
    return this.#plainest(messages, at, FEW_TRIALS);
  }

  #plainest(messages: Iterable<unknown>, at: Path, mostTrials: number = MOST_TRIALS): Witness | undefined {
    let best: Witness | undefined;
    let left = mostTrials;
    for (const value of messages) {
      if (left-- <= 0) break;
      const found = witnessOf(value, this.#trial.run(value), at);
      if (found === undefined) continue;
      if (best === undefined) left = Math.min(left, MORE_TRIALS);
      if (best === undefined || costOf(found) < costOf(best)) best = found;
    }
    return best;
  }

  /** Messages that have many values at one place. Not each of them may be written. */
  *messagesWith(at: Path): Generator<unknown> {
    yield* this.#plain(at);
    yield* this.#further(at);
  }

  /** Those that are an example but for this place. */
  *#plain(at: Path): Generator<unknown> {
    for (const base of this.#written) yield* this.#vary(base, at, this.#pool.root, false);
  }

  *#further(at: Path): Generator<unknown> {
    for (const isThorough of [false, true]) {
      for (const base of this.#made()) yield* this.#vary(base, at, this.#pool.root, isThorough);
    }
  }

  /** Messages that are made up and may be written: the shortest, and some of the longest. */
  #made(): readonly unknown[] {
    if (this.#bases !== undefined) return this.#bases;
    const made = this.#writable(this.#pool.values(this.#pool.root), 400).toSorted((a, b) => lengthOf(a) - lengthOf(b));
    const bases = [...this.#written, ...made.slice(0, 6), ...made.slice(-4)];
    this.#bases = bases.length === 0 ? [{}] : bases;
    return this.#bases;
  }

  #writable(values: readonly unknown[], most: number): readonly unknown[] {
    return values.filter((value) => this.#trial.run(value) !== undefined).slice(0, most);
  }

  *#vary(value: unknown, at: Path, place: Place, isThorough: boolean): Generator<unknown> {
    const [key, ...rest] = at;
    if (key === undefined) {
      yield* this.#pool.values(place);
      return;
    }
    const inner = this.#pool.within(place, key);
    for (const container of this.#containers(value, place, isThorough)) {
      for (const name of keysIn(container, key, () => this.#pool.namesAt(place))) {
        if (rest.length === 0 && isObject(container) && Object.hasOwn(container, name)) yield without(container, name);
        for (const varied of this.#vary(get(container, name), rest, inner, isThorough))
          yield put(container, name, varied);
      }
    }
  }

  /** The object or list that a value is, and others in its place. */
  #containers(value: unknown, place: Place, isThorough: boolean): readonly object[] {
    const own = typeof value === "object" && value !== null ? [value] : [];
    if (own.length > 0 && !isThorough) return own;
    const around = this.#pool.values(place).filter((each): each is object => typeof each === "object" && each !== null);
    const most = isThorough ? MOST_AROUND : 4;
    return [...own, ...around.slice(0, most)];
  }
}

/** The names or indices that a key of a path stands for. */
function keysIn(container: object, key: string, names: () => readonly string[]): readonly string[] {
  if (Array.isArray(container))
    return key === "*" ? [...new Set(["0", `${Math.max(0, container.length - 1)}`, `${container.length}`])] : [key];
  return key === "*"
    ? [...new Set(["x_extra", ...Object.keys(container), ...names()])].filter((name) => name !== "__proto__")
    : [key];
}

function get(container: object, name: string): unknown {
  return Object.hasOwn(container, name) ? (container as Record<string, unknown>)[name] : undefined;
}

function put(container: object, name: string, value: unknown): unknown {
  if (!Array.isArray(container)) return { ...container, [name]: value };
  const list = [...container];
  list[Number.isInteger(Number(name)) ? Math.min(Number(name), list.length) : 0] = value;
  return list;
}

function without(container: Record<string, unknown>, name: string): unknown {
  const { [name]: _, ...rest } = container;
  return rest;
}

function witnessOf(value: unknown, outcome: Outcome | undefined, at: Path): Witness | undefined {
  if (outcome === undefined) return undefined;
  const refused = outcome.refused.filter(({ issues }) => issues.some(({ path }) => isAbout(path, at)));
  const [first] = refused;
  if (first !== undefined) {
    return { value, issues: first.issues, channels: refused.map(({ channel }) => channel), changed: undefined };
  }
  const changed = outcome.changed.filter(({ name }) => at.length === 0 || at[0] === name);
  const [name] = changed.map((each) => each.name);
  if (name === undefined) return undefined;
  const channels = changed.filter((each) => each.name === name).map(({ channel }) => channel);
  return { value, issues: [], channels, changed: name };
}

/** Whether an issue is at a place, within it or around it. Of names that are masked nothing is known. */
function isAbout(path: string, at: Path): boolean {
  const keys = keysOf(path);
  const masked = keys.indexOf(MASKED);
  const known = masked < 0 ? keys : keys.slice(0, masked);
  return known.every((key, depth) => at[depth] === undefined || at[depth] === "*" || at[depth] === String(key));
}

function costOf({ issues, value, changed }: Witness): number {
  return (issues.length + (changed === undefined ? 0 : 50)) * 1000 + lengthOf(value);
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}
