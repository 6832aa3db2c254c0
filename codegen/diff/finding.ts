import type { MessageKind } from "../../runtime/contract/descriptor.js";
import { originOf } from "../load/origin.js";
import type { Place } from "../load/problem.js";
import type { Schema } from "../schema/schema.js";
import { orders, remedyOf, type Verdict } from "./advice.js";
import type { Change, ChangeRule } from "./change.js";
import type { Judged } from "./judgement.js";
import type { Channel, Part } from "./trial.js";

/** A message that was written by one version and read by another. */
export interface Evidence {
  /** The readers that do not take it as it was meant. */
  readonly readers: "old" | "new";
  /** `refuses`: it becomes a dead letter, or an answer that rejects. `loses`: a value is not seen, or read as another one. */
  readonly outcome: "refuses" | "loses";
  readonly message: unknown;
  /** What the reader says, as `after_data.total must be <= 10`, or what it does not see. */
  readonly issues: readonly string[];
  /** Ways on which it was seen; the others are fine. */
  readonly channels: readonly Channel[];
}

/** One change with its verdict. */
export interface Finding {
  readonly kind: MessageKind;
  /** The type on the wire. */
  readonly type: string;
  /** `result` for the answer to a command. */
  readonly part: Part;
  readonly rule: ChangeRule;
  readonly verdict: Verdict;
  /** Where it was changed; in the old version where the new one has nothing there. */
  readonly place: Place;
  readonly sentence: string;
  readonly proofs: readonly Evidence[];
  /** Readers of whom neither a refused message nor a proof was found. */
  readonly unproved: readonly ("old" | "new")[];
  /** What to do instead; empty for a change that breaks nothing. */
  readonly remedy: string;
  /** In which order to deploy. */
  readonly order: string;
}

/** Rules by which types change although the wire does not. */
const SOURCE: ReadonlySet<ChangeRule> = new Set<ChangeRule>([
  "property-removed",
  "property-required",
  "property-optional",
  "type-widened",
  "type-narrowed",
  "type-changed",
  "enum-value-added",
  "enum-value-removed",
  "enum-changed",
  "const-changed",
  "object-closed",
  "form-added",
  "form-removed",
  "tolerated-added",
  "type-renamed",
]);

/** The finding of a judged change. */
export function findingOf(
  { change, part, effects }: Judged,
  { kind, type, fallback }: { readonly kind: MessageKind; readonly type: string; readonly fallback: Place },
): Finding {
  const proofs = effects.flatMap(({ reader, kind: outcome, witness }): readonly Evidence[] => {
    if (witness === undefined || outcome === "unproved") return [];
    const { value, channels, changed, issues } = witness;
    const told = issues.map(({ path, message }) => `${path === "" ? "the message" : path} ${message}`);
    const lost = changed === undefined ? [] : [lossOf(change, changed)];
    return [{ readers: reader, outcome, message: value, issues: [...told, ...lost], channels }];
  });
  const unproved = effects.filter(({ kind: effect }) => effect === "unproved").map(({ reader }) => reader);
  const verdict = verdictOf(change, proofs, unproved);
  const isHarmless = verdict === "safe" || verdict === "breaks-source";
  return {
    kind,
    type,
    part,
    rule: change.rule,
    verdict,
    place: placeOf(change) ?? fallback,
    sentence: change.sentence,
    proofs,
    unproved,
    remedy: isHarmless ? "" : remedyOf(change.rule),
    order: orders[verdict],
  };
}

const SEVERITY = Object.keys(orders);

/** An edit of a type that a message has at several places is told once, with the worst that it does at any of them. */
export function mergeFindings(findings: readonly Finding[]): readonly Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const { part, rule, place, sentence } = finding;
    const key = JSON.stringify([part, rule, place, sentence]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? finding : both(known, finding));
  }
  return [...merged.values()];
}

function both(one: Finding, other: Finding): Finding {
  const proofs = [...one.proofs];
  for (const each of other.proofs) {
    if (!proofs.some(({ readers, outcome }) => readers === each.readers && outcome === each.outcome)) proofs.push(each);
  }
  const isBoth =
    new Set(proofs.filter(({ outcome }) => outcome === "refuses").map(({ readers }) => readers)).size === 2;
  const [worse] = [one, other].sort((a, b) => SEVERITY.indexOf(a.verdict) - SEVERITY.indexOf(b.verdict));
  const unproved = [...new Set([...one.unproved, ...other.unproved])];
  const verdict = isBoth ? "breaks-both" : (worse as Finding).verdict;
  return { ...(worse as Finding), verdict, order: orders[verdict], proofs, unproved };
}

function lossOf({ renamed }: Change, name: string): string {
  if (renamed === undefined) return `${name} is read as another value`;
  return `the value of ${name} is not seen, because the reader looks for ${name === renamed.from ? renamed.to : renamed.from}`;
}

function verdictOf(change: Change, proofs: readonly Evidence[], unproved: readonly string[]): Verdict {
  const refusing = new Set(proofs.filter(({ outcome }) => outcome === "refuses").map(({ readers }) => readers));
  if (refusing.size === 2) return "breaks-both";
  if (refusing.size === 1) return refusing.has("old") ? "breaks-old-readers" : "breaks-new-readers";
  if (proofs.length > 0) return "loses-data";
  if (unproved.length > 0) return "may-break";
  if (SOURCE.has(change.rule)) return "breaks-source";
  const isDefaultLost =
    change.rule === "default-changed" && change.after?.default === undefined && change.at.length === 1;
  return isDefaultLost ? "breaks-source" : "safe";
}

/** The place of a change in the new version, or in the old one if it is only there. */
export function placeOf({ before, after, keyword, rule }: Change): Place | undefined {
  const isProperty = rule === "property-added" || rule === "property-removed" || rule === "property-renamed";
  if (isProperty) return placeIn(after) ?? placeIn(before);
  return placeIn(after, keyword) ?? placeIn(before, keyword) ?? placeIn(after) ?? placeIn(before);
}

/** The place where a schema has a keyword, or of the schema itself. */
function placeIn(schema: Schema | undefined, keyword?: string): Place | undefined {
  if (schema === undefined) return undefined;
  const has = (written: object): boolean => keyword === undefined || Object.hasOwn(written, keyword);
  const origin = originOf(schema, has);
  if (origin === undefined) return undefined;
  if (keyword === undefined) return origin.source.place(origin.path, "key");
  const isThere = Object.hasOwn(schema, keyword);
  return isThere ? origin.source.place([...origin.path, keyword], "key") : undefined;
}
