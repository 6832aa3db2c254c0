import type { Append, Appender } from "../broker/append.js";
import type { MessagingError, PublishError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { lengthOf, mayBeRefused, overloaded, tooLong, unwanted } from "./append-refusal.js";
import { groupsOf, isAlone } from "./entry-groups.js";
import type { Noting } from "./history.js";
import { publishFailure } from "./publish-failure.js";
import { PublishLine } from "./publish-line.js";
import type { Replicas, Sent } from "./replicas.js";
import { isRedirect, isReply } from "./reply.js";
import type { Route } from "./route.js";
import { add, sendAlone, sendPiped, sendTogether } from "./send-entries.js";
import type { UnderWay } from "./under-way.js";
import { longestValue } from "./value-limit.js";

/** The most entries of one script call: Redis runs nothing else meanwhile, and replies to all of them at once. */
const FULL_BATCH = 128;

export interface EntryAppenderParts {
  readonly underWay: UnderWay;
  readonly clock: Clock;
  /** They must have each entry before it counts as stored. */
  readonly replicas?: Replicas | undefined;
  /** Told of the ids that Redis gives, of several at once of the last. */
  readonly history?: Noting | undefined;
}

/**
 * Sends the entries of one turn of the event loop together: one script call, with one reply, for each stream.
 * A single entry is a plain `XADD`, sent at once when nothing else is under way.
 */
export class EntryAppender implements Appender {
  readonly #route: Route;
  readonly #underWay: UnderWay;
  readonly #replicas: Replicas | undefined;
  readonly #history: Noting | undefined;
  /** Aborted when nothing is waited for any more that needs a connection. */
  readonly #draining = new AbortController();
  /** Where the slot of the stream may move. */
  readonly #line: PublishLine | undefined;
  /** Whether the event loop stood still, and has not read its sockets since. */
  #mustWait = false;
  #batch: Append[] = [];
  /** Whether an entry of the batch may be longer than Redis takes. */
  #isLong = false;
  #scheduled = false;
  /** False once Redis has denied this user the right to run scripts. */
  #mayScript = true;
  /** How long a value may be, while Redis is asked for that. */
  #asking: Promise<number> | undefined;

  /** @param route - to the stream, or to one Redis that has all streams */
  constructor(route: Route, { underWay, clock, replicas, history }: EntryAppenderParts) {
    this.#route = route;
    this.#underWay = underWay;
    this.#replicas = replicas;
    this.#history = history;
    if (!route.follows) return;
    this.#line = new PublishLine({
      ...{ route, clock, ready: () => this.#ready() },
      send: (held) => this.#sendAll(this.#wanted(held)),
      go: () => {
        this.#batch = this.#wanted(this.#batch);
        void this.flush();
        if (this.#batch.length > 0 && !this.#scheduled) this.#schedule();
      },
      fail: (held, error) => {
        for (const entry of [...held, ...this.#batch.splice(0)])
          this.#failed(entry, publishFailure(error, entry, this.#route));
      },
    });
  }

  append(entry: Append): void {
    const length = lengthOf(entry);
    const refusal = this.#underWay.begin(length);
    if (refusal !== undefined) return void entry.failed(overloaded(entry, refusal));
    const isLong = mayBeRefused(entry, length);
    if (isLong) this.#isLong = true;
    const isFirst = this.#underWay.count === 1;
    // It may have lost its connection, and hears of that only when it reads its sockets. What left before would be
    // uncertain, although it need only have waited.
    if (isFirst && this.#route.hasStoodStill) this.#mustWait = true;
    // While nothing is under way, an entry need not wait for others.
    if (isFirst && !this.#mustWait && !isLong && !isAlone(entry)) {
      const mayLeave = this.#line === undefined ? this.#route.isReady : !this.#line.mustWait();
      if (mayLeave) return void this.#sendNow(entry);
    }
    this.#batch.push(entry);
    // A full batch leaves at once, so that Redis works on it while the next is made.
    if (this.#batch.length >= FULL_BATCH) void this.flush();
    else if (!this.#scheduled) this.#schedule();
  }

  #sendNow(entry: Append): void {
    if (this.#line !== undefined || this.#replicas !== undefined) return void this.#send([entry]);
    const since = this.#history?.changes;
    add(this.#route.client, entry).then(
      (id) => {
        this.#history?.given(entry.stream, id, since);
        this.#stored(entry, id);
      },
      (error: Error) => this.#failed(entry, publishFailure(error, entry, this.#route)),
    );
  }

  /** It makes room before it tells of it: whoever is told may publish the next one. */
  #stored(entry: Append, id: string): void {
    this.#underWay.ended(lengthOf(entry));
    entry.stored(id);
  }

  /** Redis has stored it: it counts as stored when replicas have it, where they must. */
  #confirmed(entry: Append, entryId: string, sent: Sent): void {
    if (this.#replicas === undefined) return void this.#stored(entry, entryId);
    const { stream, messageId, onceWindowMs } = entry;
    this.#replicas.confirm(sent, { stream, messageId, onceWindowMs, entryId }).then(
      () => this.#stored(entry, entryId),
      (error: MessagingError) => this.#failed(entry, error),
    );
  }

  #failed(entry: Append, error: MessagingError): void {
    this.#underWay.ended(lengthOf(entry));
    entry.failed(error);
  }

  /** While nothing else is under way, the batch waits only for the code that runs now. */
  #schedule(): void {
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      this.#mustWait = false;
      do void this.flush();
      while (this.#batch.length > 0 && !this.#line?.mustWait());
    };
    // The present turn may have asked for news of its sockets before the loop stood still, the next one has not.
    if (this.#mustWait) setImmediate(() => setImmediate(flush));
    else if (this.#underWay.count === this.#batch.length) process.nextTick(flush);
    else setImmediate(flush);
  }

  drained(): Promise<void> {
    void this.#route.away().then(() => this.#draining.abort());
    return this.#underWay.idle();
  }

  async flush(): Promise<void> {
    if (this.#batch.length === 0 || this.#mustWait || this.#line?.mustWait()) return;
    let batch = this.#batch.splice(0, FULL_BATCH);
    const isLong = this.#isLong;
    this.#isLong &&= this.#batch.length > 0;
    try {
      if (isLong || this.#asking !== undefined) {
        const bytes = await this.#longest();
        batch = this.#passing(batch, (entry) => tooLong(entry, bytes));
      }
      if (this.#line?.mustWait()) {
        this.#line.hold(batch);
        return;
      }
      // Last, so that nothing is refused that could wait.
      if (!this.#route.isReady) {
        await this.#ready();
        batch = this.#wanted(batch);
      }
      this.#sendAll(batch);
    } catch (error) {
      for (const entry of batch) this.#failed(entry, publishFailure(error as Error, entry, this.#route));
    }
  }

  #sendAll(batch: readonly Append[]): void {
    if (batch.length === 1) void this.#send(batch);
    else for (const group of groupsOf(batch)) void this.#send(group);
  }

  /** Those that are still wanted after a wait for a connection. */
  #wanted(batch: readonly Append[]): Append[] {
    return this.#passing(batch, unwanted);
  }

  /** Waits for a connection; when this is drained, only as long as Redis is not known to be away. */
  async #ready(): Promise<void> {
    const { signal } = this.#draining;
    await this.#route.ready(signal).catch((error: unknown) => {
      throw signal.aborted ? this.#route.failure() : error;
    });
  }

  /** While Redis is asked, what comes later waits behind what waits for the answer. */
  async #longest(): Promise<number> {
    this.#asking ??= Promise.resolve(longestValue(this.#route.connection)).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The entries of which nothing keeps from being sent. The others fail. */
  #passing(batch: readonly Append[], refusal: (entry: Append) => PublishError | undefined): Append[] {
    return batch.filter((entry) => {
      const error = refusal(entry);
      if (error !== undefined) this.#failed(entry, error);
      return error === undefined;
    });
  }

  /** Never rejects. */
  async #send(group: readonly Append[]): Promise<void> {
    const [first] = group as [Append];
    const { client, connection } = this.#route;
    const since = first.onceWindowMs === undefined ? this.#history?.changes : undefined;
    const sent = { connection, session: connection.session, since };
    const byScript = this.#mayScript;
    const turn = this.#line?.began() ?? 0;
    try {
      if (isAlone(first)) this.#tell(group, [await sendAlone(client, first)], turn, sent);
      else if (group.length === 1) this.#tell(group, [await add(client, first)], turn, sent);
      else if (byScript) this.#settle(group, await sendTogether(client, group), turn, sent);
      else this.#settle(group, await sendPiped(client, group), turn, sent);
    } catch (error) {
      if (isReply(error, "NOPERM") && !isAlone(first) && byScript && group.length > 1) {
        // Redis has run nothing, so the same entries may be sent in another way.
        this.#mayScript = false;
        await this.#send(group);
      } else this.#tell(group, Array<unknown>(group.length).fill(error), turn, sent);
    } finally {
      this.#line?.ended();
    }
  }

  #settle(group: readonly Append[], results: readonly unknown[], turn: number, sent: Sent): void {
    this.#tell(group, results, turn, sent);
    // The client reconnects to a new master by itself, but it does not see the errors within a script's reply.
    if (results.some((result) => isReply(result, "READONLY"))) this.#route.renew();
  }

  #tell(group: readonly Append[], results: readonly unknown[], turn: number, sent: Sent): void {
    const last = results.findLast((result) => typeof result === "string");
    if (last !== undefined) this.#history?.given((group[0] as Append).stream, last, sent.since);
    for (let at = 0; at < group.length; at++) {
      const entry = group[at] as Append;
      const result = results[at] ?? new Error("Redis gave no reply");
      if (typeof result === "string") this.#confirmed(entry, result, sent);
      else if (this.#line !== undefined && isRedirect(result) && !this.#line.isOver)
        this.#line.redirected([entry], turn);
      else this.#failed(entry, publishFailure(result as Error, entry, this.#route));
    }
  }
}
