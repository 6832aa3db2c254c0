import { entryIdIn } from "../../broker/entry-id.js";
import { decodeResponse, type Response } from "../../command/answer.js";
import { prefixed } from "../../config/config.js";
import type { Descriptor } from "../../contract/descriptor.js";
import type { DeadLetter } from "../../letters/letter-settler.js";
import { answerKey } from "../../redis/keys.js";
import { readPage } from "../../redis/page.js";
import type { Unseen } from "../ask-each.js";
import type { Operator } from "../operator.js";
import { type Fate, Fates } from "./fate.js";
import { ifAllowed } from "./if-allowed.js";
import { LettersByEntry, lettersSince } from "./letters-by-entry.js";
import { MessageReader, type ShownMessage } from "./message-reader.js";
import { type Searched, type SearchRange, search } from "./search.js";
import { type Branch, branchesOf, isNamed, type Trace } from "./trace.js";

/** A message with what became of it, and what it caused. */
export interface StoryPart {
  readonly trace: Trace;
  /** Whether it is the message that was asked for, and not one that belongs to it. */
  readonly isNamed: boolean;
  /** `undefined` where it was removed meanwhile. */
  readonly message: ShownMessage | undefined;
  readonly fates: readonly Fate[];
  /**
   * The stored answer of a command, without its result; `none` where its sender asked for one and none is stored, `unreadable`
   * where this user of Redis may not read it.
   */
  readonly answer: Omit<Response, "result"> | "none" | "unreadable" | undefined;
  readonly caused: readonly StoryPart[];
}

/** All that is known of an id. */
export interface Story {
  readonly parts: readonly StoryPart[];
  /** Dead letters with that id whose message is not in its stream, or was not found. */
  readonly letters: readonly DeadLetter[];
  readonly searched: readonly Searched[];
  /** The streams that could not be searched, because their master is away. */
  readonly unseen: readonly Unseen[];
  /** How many messages are not told, because there are too many. */
  readonly left: number;
}

/** So many messages are told of. */
const MOST_TOLD = 200;

/**
 * Tells the story of a message, or of all messages of a correlation, from what Redis holds of it. Nothing is changed.
 *
 * @param id - that of an entry, of a message or of a correlation
 * @throws {ConnectionError} Redis cannot be reached or refuses, or a key is no stream
 */
export async function explain(
  operator: Operator,
  descriptors: readonly Descriptor[],
  id: string,
  range: SearchRange,
): Promise<Story> {
  const {
    traces,
    searched: { found: searched, unseen },
  } = await search(operator, range);
  const streams = searched.map(({ stream }) => stream);
  const named = new Set(traces.filter((trace) => isNamed(trace, id)));
  // An entry and a dead letter of another one may have the same id, each in its stream.
  if (named.size === 0 || entryIdIn(id) !== undefined) {
    for (const trace of await namedByLetter(operator, traces, id, { ...range, streams })) named.add(trace);
  }
  const branches = branchesOf(traces, named);
  const told = everyOf(branches);
  const letters = new LettersByEntry();
  const stray: DeadLetter[] = [];
  for (const stream of streams) {
    const own = told.filter((trace) => trace.stream === stream);
    const key = prefixed(operator.config, stream);
    const places = new Set(own.map(({ entryId }) => `${key} ${entryId}`));
    const ids = new Set(own.flatMap(({ messageId }) => messageId ?? []));
    const isOfTold = ({ stream: from, entryId, messageId }: DeadLetter): boolean =>
      places.has(`${from} ${entryId}`) || ids.has(messageId ?? "");
    const isStray = (letter: DeadLetter): boolean =>
      !isOfTold(letter) && (letter.id === id || isNamed({ ...letter, stream, causationId: undefined }, id));
    const isMeant = (letter: DeadLetter): boolean => isOfTold(letter) || isStray(letter);
    const since = own[0]?.entryId ?? range.from;
    const found = await lettersSince(operator, { stream, since, most: range.most, isMeant });
    for (const letter of found.letters) {
      letters.add(letter);
      if (isStray(letter)) stray.push(letter);
    }
  }
  const teller = new Teller(operator, new MessageReader(descriptors), new Fates(operator, letters), named);
  const parts = await teller.tell(branches);
  return { parts, letters: stray, searched, unseen, left: Math.max(0, told.length - MOST_TOLD) };
}

/** The messages of a dead letter. */
async function namedByLetter(
  operator: Operator,
  traces: readonly Trace[],
  id: string,
  { streams, from, most }: SearchRange,
): Promise<Set<Trace>> {
  const named = new Set<Trace>();
  for (const stream of streams) {
    const { letters } = await lettersSince(operator, {
      ...{ stream, since: from, most },
      isMeant: (letter) => letter.id === id,
    });
    for (const { entryId, messageId } of letters) {
      const own = traces.filter((trace) => trace.stream === stream);
      for (const trace of own) {
        if (messageId === undefined ? trace.entryId === entryId : trace.messageId === messageId) named.add(trace);
      }
    }
  }
  return named;
}

class Teller {
  #left = MOST_TOLD;

  constructor(
    readonly operator: Operator,
    readonly reader: MessageReader,
    readonly fates: Fates,
    readonly named: ReadonlySet<Trace>,
  ) {}

  async tell(branches: readonly Branch[]): Promise<readonly StoryPart[]> {
    const parts: StoryPart[] = [];
    for (const { trace, caused } of branches) {
      if (this.#left-- <= 0) break;
      const message = await this.#message(trace);
      const fates = await this.fates.of(trace.stream, trace.entryId);
      parts.push({
        trace,
        isNamed: this.named.has(trace),
        message,
        fates,
        answer: await this.#answer(trace, message),
        caused: await this.tell(caused),
      });
    }
    return parts;
  }

  async #message({ stream, entryId }: Trace): Promise<ShownMessage | undefined> {
    const { config, routes } = this.operator;
    const key = prefixed(config, stream);
    const range = { from: entryId, to: entryId, most: 1, maxEntryBytes: config.maxMessageBytes };
    const { entries } = await routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, range));
    return entries[0] && this.reader.read(entries[0], stream);
  }

  async #answer({ stream, messageId }: Trace, message: ShownMessage | undefined): Promise<StoryPart["answer"]> {
    if (message?.kind !== "command" || messageId === undefined || !message.message?.["reply_to"]) return undefined;
    const { config, routes } = this.operator;
    const key = answerKey(prefixed(config, stream), messageId);
    const asked = routes
      .at(key)
      .ask(`reading the answer ${key}`, async (client) =>
        (await client.strlen(key)) > 5 * config.maxMessageBytes ? null : client.get(key),
      );
    const text = await ifAllowed(asked);
    if (text === undefined) return "unreadable";
    try {
      if (text === null) return "none";
      const { result: _, ...answer } = decodeResponse(text);
      return answer;
    } catch {
      return "none";
    }
  }
}

function everyOf(branches: readonly Branch[]): readonly Trace[] {
  return branches.flatMap(({ trace, caused }) => [trace, ...everyOf(caused)]);
}
