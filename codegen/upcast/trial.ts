// upcast/ tries a project's upcasters; it may import check/, model/, load/, schema/, the runtime's contract and errors.

import { isDeepStrictEqual } from "node:util";
import type { PlainMessage } from "../../runtime/contract/codec.js";
import { type Contract, contractOf } from "../../runtime/contract/contract.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import { keptFields, type Upcaster } from "../../runtime/contract/upcaster.js";
import { composed } from "../../runtime/contract/upcasting.js";
import { describeIssues, UpcastError } from "../../runtime/errors.js";
import { shown } from "../check/round-trip.js";
import { descriptorsOf } from "../model/descriptor.js";
import type { Message, Model } from "../model/model.js";
import { Random } from "../schema/random.js";
import { lossesOf } from "./loss.js";
import { MessageMaker } from "./message-maker.js";

/** So many messages of the old type are upcast, */
const MESSAGES = 1_000;
/** if they are found among so many times as many. */
const TRIES = 8;
/** So many of them are upcast twice. */
const REPEATED = 100;
/** The same in each run, so that a verdict is. */
const SEED = 1;

/** What trying an upcaster has shown. */
export interface Tried {
  /** The types that it leads from and to. */
  readonly from: string;
  readonly to: string;
  /** How many messages of the old type were upcast. */
  readonly messages: number;
  /** The seed by which they were made. */
  readonly seed: number;
  /** Places of the old message on which the new one does not depend: `after_data.note`. */
  readonly loses: readonly string[];
  /** Why it must not be used, as a sentence without its subject; `undefined` if it is sound. */
  readonly fault: string | undefined;
  /** The type that is none of the catalogue's, so that nothing was tried. */
  readonly unknown: string | undefined;
}

/**
 * Upcasts messages that the old contract lets a publisher write. Each must become one that the new contract lets a publisher
 * write, and the same one when it is upcast again. Both contracts are those of the schemas, not of generated code.
 */
export function tried(upcaster: Upcaster, model: Model, most: number = MESSAGES): Tried {
  const told = { from: upcaster.from.type, to: upcaster.to.type, seed: SEED };
  const [from, to] = [messageOf(upcaster.from, model), messageOf(upcaster.to, model)];
  if (from === undefined || to === undefined) {
    return { ...told, messages: 0, loses: [], fault: undefined, unknown: from === undefined ? told.from : told.to };
  }
  const descriptors = descriptorsOf(model);
  const of = (message: Message): Descriptor => descriptors[model.messages.indexOf(message)] as Descriptor;
  const step = { from: of(from), to: of(to), upcast: upcaster.upcast } as Upcaster;
  const [old, now] = [contractOf(step.from), contractOf(step.to)];
  const messages = messagesOf(from, model, { contract: old, most });
  const faults = messages.flatMap(
    (message, at) => faultOf(message, step, { contract: now, again: at < REPEATED }) ?? [],
  );
  // The shortest message shows best what is wrong.
  const [first] = faults.sort((one, other) => one.with.length - other.with.length);
  const fault = first && `${first.sentence}, with ${shown(JSON.parse(first.with))}`;
  const loses = fault === undefined ? lossesOf(messages, parts(step, old)) : [];
  return { ...told, messages: messages.length, loses, fault, unknown: undefined };
}

function parts(step: Upcaster, old: Contract): Parameters<typeof lossesOf>[1] {
  return {
    upcast: (message) => {
      try {
        return composed(structuredClone(message) as PlainMessage, step);
      } catch (error) {
        return error;
      }
    },
    accepts: (message) => old.violations(message).length === 0,
    kept: keptFields[step.from.kind as keyof typeof keptFields],
  };
}

function messageOf({ type, kind }: Descriptor, { messages }: Model): Message | undefined {
  return messages.find((message) => message.type === type && message.kind.kind === kind);
}

/** Messages that a publisher may write, as readers have them: with constants and defaults. */
function messagesOf(
  { schema }: Message,
  model: Model,
  { contract, most }: { readonly contract: Contract; readonly most: number },
): readonly PlainMessage[] {
  const maker = new MessageMaker(model, new Random(SEED));
  const made: PlainMessage[] = [];
  for (let tries = 0; tries < most * TRIES && made.length < most; tries++) {
    const message = contract.compose((maker.of(schema) ?? {}) as PlainMessage, {});
    // Samples share their parts. A message as it is read has each part once, so that one can be changed alone.
    if (contract.violations(message).length === 0) made.push(JSON.parse(JSON.stringify(message)) as PlainMessage);
  }
  return made.length > 0 ? made : ((schema.examples ?? []) as readonly PlainMessage[]);
}

interface Fault {
  readonly sentence: string;
  /** The old message without what is kept, as JSON. */
  readonly with: string;
}

function faultOf(
  message: PlainMessage,
  step: Upcaster,
  { contract, again }: { readonly contract: Contract; readonly again: boolean },
): Fault | undefined {
  const kept: readonly string[] = keptFields[step.from.kind as keyof typeof keptFields];
  // What is kept is seldom what matters.
  const own = Object.fromEntries(Object.entries(message).filter(([name]) => !kept.includes(name)));
  const fault = (sentence: string): Fault => ({ sentence, with: JSON.stringify(own) });
  try {
    const made = composed(structuredClone(message), step);
    const issues = contract.violations(made);
    if (issues.length > 0) return fault(`gives what may not be written: ${describeIssues(issues.slice(0, 1), "it")}`);
    if (!again || isDeepStrictEqual(made, composed(structuredClone(message), step))) return undefined;
    return fault("gives another message when it is called again");
  } catch (error) {
    if (!(error instanceof UpcastError)) throw error;
    return fault(error.why);
  }
}
