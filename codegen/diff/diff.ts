// diff/ compares two versions of a catalogue; it may import model/, load/, schema/, the runtime's contract and errors.

import type { Descriptor } from "../../runtime/contract/descriptor.js";
import { during } from "../load/failure.js";
import type { Place } from "../load/problem.js";
import { descriptorsOf } from "../model/descriptor.js";
import type { Message, Model } from "../model/model.js";
import { orders, remedyOf } from "./advice.js";
import type { ChangeRule } from "./change.js";
import { Document } from "./document.js";
import { type Finding, findingOf, mergeFindings } from "./finding.js";
import { judge } from "./judgement.js";
import { Sameness } from "./sameness.js";

/** What became of a catalogue's messages. */
export interface Difference {
  /** Every change of every message, by kind and type; those that break nothing, too. */
  readonly findings: readonly Finding[];
  /** How many messages the new version has. */
  readonly messages: number;
}

/** A message with its descriptor. */
interface Described {
  readonly message: Message;
  readonly descriptor: Descriptor;
}

/** Compares two versions of a catalogue. Both are without problems. */
export function diff(before: Model, after: Model): Difference {
  const [was, is] = [describe(before), describe(after)];
  const findings = [...is].flatMap(([key, now]) => {
    const old = was.get(key);
    if (old === undefined) return [];
    return during("comparing", now.message.definition.source.shownPath, () => compare(old, now, { before, after }));
  });
  const gone = [...was].filter(([key]) => !is.has(key)).map(([, described]) => described);
  const come = [...is].filter(([key]) => !was.has(key)).map(([, described]) => described);
  const all = [...encodingFindings(before, after), ...findings, ...goneFindings(gone, come)];
  return { findings: all, messages: is.size };
}

function describe(model: Model): ReadonlyMap<string, Described> {
  const descriptors = descriptorsOf(model);
  return new Map(
    model.messages.map((message, at) => [
      `${message.kind.kind} ${message.type}`,
      { message, descriptor: descriptors[at] as Descriptor },
    ]),
  );
}

function compare(
  old: Described,
  now: Described,
  models: { readonly before: Model; readonly after: Model },
): readonly Finding[] {
  const [before, after] = [
    { descriptor: old.descriptor, encoding: models.before.config.encoding },
    { descriptor: now.descriptor, encoding: models.after.config.encoding },
  ];
  const { kind, type } = now.descriptor;
  const fallback = rootOf(now.message);
  const judged = [...judge(before, after, "message"), ...(kind === "command" ? judge(before, after, "result") : [])];
  const findings = mergeFindings(judged.map((each) => findingOf(each, { kind, type, fallback })));
  const [from, to] = [old.message.name, now.message.name];
  if (from === to) return findings;
  const sentence = `the TypeScript name ${from} is ${to}, and so are its helpers`;
  return [...findings, catalogueFinding(now, { rule: "type-renamed", verdict: "breaks-source", sentence })];
}

function rootOf({ definition }: Message): Place {
  return definition.source.place(definition.path);
}

/** Findings of messages that one version has and the other has not. */
function goneFindings(gone: readonly Described[], come: readonly Described[]): readonly Finding[] {
  const left = new Set(come);
  const removed = gone.flatMap((old) => {
    const now = [...left].find((each) => isSuccessor(old, each));
    if (now === undefined) {
      const sentence = `the ${old.descriptor.kind} ${old.descriptor.type} was removed`;
      return [
        catalogueFinding(old, {
          rule: "message-removed",
          verdict: "breaks-new-readers",
          sentence,
          unread: { new: old },
        }),
      ];
    }
    left.delete(now);
    const isMoved = old.descriptor.kind !== now.descriptor.kind;
    const sentence = isMoved
      ? `${old.descriptor.type} was a ${old.descriptor.kind} and is a ${now.descriptor.kind}`
      : `the type ${old.descriptor.type} is called ${now.descriptor.type}, as it seems`;
    const rule: ChangeRule = isMoved ? "message-kind" : "message-renamed";
    return [catalogueFinding(now, { rule, verdict: "breaks-both", sentence, unread: { old: now, new: old } })];
  });
  const added = [...left].map((now) =>
    catalogueFinding(now, {
      rule: "message-added",
      verdict: "safe",
      sentence: `the ${now.descriptor.kind} ${now.descriptor.type} was added`,
    }),
  );
  return [...removed, ...added];
}

/** Whether a message took the place of one: of the same type in another kind, in the same file, or with the same content. */
function isSuccessor(old: Described, now: Described): boolean {
  if (old.descriptor.type === now.descriptor.type) return true;
  if (old.descriptor.kind !== now.descriptor.kind) return false;
  if (old.message.definition.source.path === now.message.definition.source.path) return true;
  const property = old.message.kind.typeProperty ?? "";
  const withoutType = ({ descriptor }: Described): Document => {
    const { [property]: _, ...properties } = descriptor.schema.properties ?? {};
    return new Document({ ...descriptor.schema, properties });
  };
  const [one, other] = [withoutType(old), withoutType(now)];
  return new Sameness(one, other).schemas(one.root, other.root);
}

function encodingFindings(before: Model, after: Model): readonly Finding[] {
  const [from, to] = [before.config.encoding, after.config.encoding];
  const [message] = after.messages;
  const [descriptor] = descriptorsOf(after);
  if (from === to || message === undefined || descriptor === undefined) return [];
  const sentence = `entries were written as ${from} and are written as ${to}; readers of both versions read both, readers in other languages may not`;
  return [catalogueFinding({ message, descriptor }, { rule: "encoding-changed", verdict: "safe", sentence })];
}

interface Told {
  readonly rule: ChangeRule;
  readonly verdict: Finding["verdict"];
  readonly sentence: string;
  /** Messages that readers of a version have no contract for. */
  readonly unread?: { readonly old?: Described; readonly new?: Described };
}

/** A finding about a whole message. */
function catalogueFinding({ message, descriptor }: Described, { rule, verdict, sentence, unread = {} }: Told): Finding {
  const proofs = (["old", "new"] as const).flatMap((readers) => {
    const written = unread[readers];
    if (written === undefined) return [];
    const [example] = (written.descriptor.schema["examples"] ?? []) as readonly unknown[];
    const { kind } = written.descriptor;
    const issue = `the message is of a type that the ${readers} catalogue has no ${kind} of`;
    return [{ readers, outcome: "refuses" as const, message: example, issues: [issue], channels: [] }];
  });
  return {
    kind: descriptor.kind,
    type: descriptor.type,
    part: "message",
    rule,
    verdict,
    place: rootOf(message),
    sentence,
    proofs,
    unproved: [],
    remedy: proofs.length === 0 ? "" : remedyOf(rule),
    order: orders[verdict],
  };
}
