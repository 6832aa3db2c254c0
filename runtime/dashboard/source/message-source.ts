import { addedAt, entryIdIn } from "../../broker/entry-id.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { printable } from "../../contract/printable.js";
import { Judge } from "../../operations/judge.js";
import { explain } from "../../operations/messages/explain.js";
import { MessageReader, type ShownMessage } from "../../operations/messages/message-reader.js";
import type { Operator } from "../../operations/operator.js";
import { findMessages } from "../../operations/traffic/find-messages.js";
import { readEntry } from "../../operations/traffic/read-entry.js";
import { json } from "../pages/words.js";
import { wordsOf } from "./fate-words.js";
import type { Found, MessageLine, MessageState, Query, Story } from "./message-state.js";
import { storyOf } from "./story-steps.js";

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** So many entries of each stream are read for a story, the newest first. */
const SEARCHED = 10_000;

/** Reads messages as they may be shown. */
export class MessageSource {
  readonly #operator: Operator;
  readonly #descriptors: readonly Descriptor[];
  readonly #reader: MessageReader;
  readonly #judge: Judge;

  constructor(operator: Operator, descriptors: readonly Descriptor[]) {
    this.#operator = operator;
    this.#descriptors = descriptors;
    this.#reader = new MessageReader(descriptors);
    this.#judge = new Judge(descriptors);
  }

  async find(query: Query): Promise<Found> {
    const { messages, looked, next } = await findMessages(this.#operator, this.#descriptors, query);
    return { items: messages.map(lineOf), looked, next };
  }

  async get(stream: string, id: string): Promise<MessageState | undefined> {
    const found = await readEntry(this.#operator, stream, id);
    if (found === undefined) return undefined;
    const { entry, fates } = found;
    const shown = this.#reader.read(entry, stream);
    const { issues } = this.#judge.entry(entry, stream);
    return {
      ...lineOf(shown),
      text: textOf(shown),
      // The id of an entry may be that of another one in another stream.
      storyId: shown.correlationId ?? shown.messageId ?? id,
      // What cannot be read is said once.
      issues:
        shown.problem === undefined ? issues.map(({ path, message }) => `${path} ${message}`.trim()) : [shown.problem],
      fates: fates.map(wordsOf),
    };
  }

  /** @param id - that of an entry, of a message, of a correlation or of a dead letter */
  async story(id: string): Promise<Story | undefined> {
    const streams = [...new Set(this.#descriptors.map(({ stream }) => stream))];
    const entryId = entryIdIn(id);
    // What an entry caused comes after it.
    const fromMs = entryId === undefined ? Date.now() - DAY_MS : addedAt(entryId) - HOUR_MS;
    const from = `${Math.max(0, fromMs)}-0`;
    const range = { streams, from, to: "+", most: SEARCHED };
    return storyOf(id, await explain(this.#operator, this.#descriptors, entryId ?? id, range));
  }
}

function lineOf({ stream, id, at, type, source, company, correlationId }: ShownMessage): MessageLine {
  return { stream, id, atMs: Date.parse(at), type, source, company, correlation: correlationId };
}

/** What may be shown of it: the message, or only how large its fields are. */
function textOf({ message, sizes }: ShownMessage): string {
  if (message !== undefined) return json(message);
  const lines = Object.entries(sizes ?? {}).map(([name, bytes]) => printable(`${name}: ${bytes} bytes, not shown`));
  return lines.join("\n");
}
