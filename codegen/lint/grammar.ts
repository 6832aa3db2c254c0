import type { Found } from "./finding.js";
import { statedTypeOf } from "./message-type.js";
import type { Site } from "./site.js";
import { isNoImperative, isParticiple, isVerb, participleOf, verbOf } from "./verb.js";
import { wordsOf } from "./words.js";

/** Finds events whose type does not say that something has happened. */
export function findEventTenses(sites: readonly Site[]): readonly Found[] {
  const stated = statedTypeOf(sites);
  if (stated?.kind !== "event") return [];
  const { site, type } = stated;
  // A version is said behind what happened: `order.placed.v2`.
  const [version = ""] = /(?<=\.[^.]+)\.v\d+$/.exec(type) ?? [];
  const [entity, happened] = split(type.slice(0, type.length - version.length));
  const words = wordsOf(happened);
  if (words.some(isParticiple)) return [];
  const sentence = "the type of an event says what has happened, with a past participle, as in order.placed";
  const past = participleOf(words.at(-1) ?? "");
  const suggestion = past && `"${entity}${[...words.slice(0, -1), past].join("_")}${version}"`;
  return [{ site, way: ["const"], sentence, suggestion }];
}

/** Finds commands whose type tells of something rather than asks for it. */
export function findCommandMoods(sites: readonly Site[]): readonly Found[] {
  const stated = statedTypeOf(sites);
  if (stated?.kind !== "command") return [];
  const { site, type } = stated;
  const [entity, asked] = split(type);
  const words = wordsOf(asked);
  const [first = "", last = ""] = [words[0], words.at(-1)];
  // What a command is about may have a participle: mark_paid, delete_expired.
  if (!isNoImperative(first) && (isVerb(first) || words.length < 2 || !isNoImperative(last))) return [];
  const sentence = "the type of a command says what to do, with the verb first, as in reserve_stock";
  const verb = verbOf(isNoImperative(first) ? first : last);
  const rest = isNoImperative(first) ? words.slice(1) : words.slice(0, -1);
  return [{ site, way: ["const"], sentence, suggestion: verb && `"${entity}${[verb, ...rest].join("_")}"` }];
}

/** `order.` and `placed` of `order.placed`. */
function split(type: string): readonly [before: string, last: string] {
  const at = type.lastIndexOf(".") + 1;
  return [type.slice(0, at), type.slice(at)];
}
