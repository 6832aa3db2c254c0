import type { Answer, Take, Unhandled } from "../broker/delivery.js";
import type { FailureRecord, Kept } from "../broker/failed-attempt.js";
import type { Aside } from "../broker/group-pause.js";
import type { Log } from "../broker/log.js";
import type { Holder, MemberPlace, MemberSignals, Membership } from "../broker/membership.js";
import type { HandedOn } from "../broker/shares.js";
import { acknowledgeEntries } from "./acknowledge-entries.js";
import type { Client } from "./connection.js";
import type { Copies } from "./copies.js";
import { createMissing } from "./create-missing.js";
import type { EntrySource, SourceParts } from "./entry-source.js";
import { type FailedPlace, moveToDead, recordFailure } from "./failed-entry.js";
import { fetchEntries } from "./fetch-entries.js";
import { setEntriesAside } from "./group-pauses.js";
import { groupState } from "./group-state.js";
import { Handover, type HandoverParts } from "./handover.js";
import type { Heartbeat } from "./heartbeat.js";
import { leaveGroup } from "./leave-group.js";
import { learnPauses, NONE_PARKED, takeParked } from "./parked.js";
import { buried, owned } from "./pending.js";
import { startId } from "./redis-clock.js";
import { isRedirect, isReply } from "./reply.js";
import { assertSupported } from "./requirement.js";
import { sendAnswer } from "./send-answer.js";
import { lookForSigns } from "./signs-of-life.js";
import { takeStrays } from "./stray-finder.js";
import { sweepAll } from "./sweep.js";
import { takeOver } from "./take-over.js";

export interface MembershipParts extends HandoverParts, Pick<SourceParts, "clock" | "pause" | "settle"> {
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly copies: Copies;
  readonly log: Log;
  readonly signals: MemberSignals;
  /** Whether it owns a partition. Its heartbeat is that of the share, and the types that it handles are known there. */
  readonly isOwner: boolean;
}

/** A consumer of a Redis consumer group: the one place where the scripts that settle entries are called. */
export class RedisMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly handles: MemberPlace["handles"];
  readonly answers: boolean;
  readonly log: Log;
  readonly hasTakenNothing: (error: unknown) => boolean = isRedirect;
  readonly #place: Omit<FailedPlace, "keeps">;
  readonly #handover: Handover;
  readonly #parts: MembershipParts;
  #isSupported = false;
  #lapses = 0;

  constructor({ group, consumer, redriven, handles, answers }: MemberPlace, parts: MembershipParts) {
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.answers = answers;
    this.log = parts.log;
    this.#parts = parts;
    this.#place = { keys: parts.keys, group, consumer, maxEntryBytes: parts.maxEntryBytes };
    this.#handover = new Handover(this, parts);
  }

  join(startFrom: "all" | "new" | number): ReturnType<Membership["join"]> {
    const { keys, settle, heartbeat, clock, signals, isOwner } = this.#parts;
    const join = async (client: Client): ReturnType<Membership["join"]> => {
      if (!this.#isSupported) await assertSupported(client, settle.address);
      this.#isSupported = true;
      const found = await createMissing(client, keys, this.group, await startId(client, startFrom, clock));
      if (typeof found === "number") return { retryInMs: found };
      if (!isOwner) {
        await this.#handover.enrol(client);
        await heartbeat.renew(settle);
      }
      return { createdFrom: found ?? undefined, pauses: await learnPauses(client, this.#place) };
    };
    return settle.ask(`joining the group ${this.group} of ${this.stream}`, join, signals.reading);
  }

  async leave(...[leaving]: Parameters<Membership["leave"]>): Promise<void> {
    const { isReady, client } = this.#parts.settle;
    if (isReady) await leaveGroup(client, this.#placeOf(leaving), leaving);
  }

  lapsed(): boolean {
    const { lapsed, lapses } = this.#parts.heartbeat;
    const before = this.#lapses;
    this.#lapses = lapses;
    return lapsed || lapses !== before;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#parts.source.read(count, take);
  }

  interrupt(): Promise<void> {
    return this.#parts.source.interrupt();
  }

  async takeStrays(holder: Holder): Promise<void> {
    const { settle, signals, replyBytes } = this.#parts;
    const look = (client: Client): Promise<void> => takeStrays(client, this.#place, holder, replyBytes);
    await settle.ask(`looking for lost entries of ${this.stream}`, look, signals.reading);
  }

  async acknowledge(ids: readonly string[], retried: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    const client = await settle.ready();
    if (retried.length === 0) await client.xack(keys.stream, this.group, ...ids);
    else await acknowledgeEntries(client, keys, this.group, { ids, retried });
  }

  get receives(): boolean {
    return this.#handover.types.receives;
  }

  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    // When the group is gone, nothing is acknowledged: the entries are delivered again.
    return this.#unlessGone(undefined, [], (client) => this.#handover.acknowledge(client, unhandled, ids));
  }

  handOver(unhandled: Unhandled): Promise<boolean> {
    return this.#unlessGone(undefined, true, (client) => this.#handover.give(client, unhandled));
  }

  async handOn(entries: readonly HandedOn[]): Promise<readonly boolean[]> {
    const given = await this.#handover.add(await this.#parts.settle.ready(), entries);
    // They are acknowledged next, perhaps by another master, which a failover of this one does not undo.
    if (given.includes(true)) await this.#parts.copies.made(this.#parts.settle);
    return given;
  }

  async refuse(given: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean; error?: unknown }> {
    const answer = (version: string): Promise<unknown> => this.#answer(given, unhandled.id, version);
    const client = await this.#parts.settle.ready();
    return this.#handover.refuse(client, unhandled, { handOver: () => this.handOver(unhandled), answer });
  }

  recordFailure(...[delivery, record]: Parameters<Membership["recordFailure"]>): Promise<Kept> {
    const work = (client: Client): Promise<Kept> => recordFailure(client, this.#placeOf(record), delivery, record);
    return this.#unlessGone(undefined, "lost", work);
  }

  bury(...[delivery, record]: Parameters<Membership["bury"]>): ReturnType<Membership["bury"]> {
    return this.#unlessGone(undefined, null, (client) => moveToDead(client, this.#placeOf(record), delivery, record));
  }

  async answer(given: Answer, id: string): Promise<unknown> {
    if (!this.#parts.settle.isReady) await this.#parts.settle.ready();
    return this.#answer(given, id);
  }

  fetch(...[entries, mostBytes]: Parameters<Membership["fetch"]>): ReturnType<Membership["fetch"]> {
    const none = { deliveries: [], looked: entries.length };
    return this.#unlessGone(this.#parts.signals.settling, none, (client) => {
      const wanted = entries.map((entry) => ({ ...entry, keeps: this.#keeps(entry.isTakenOver) }));
      return fetchEntries(client, this.#place, wanted, mostBytes);
    });
  }

  owned(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#unlessGone(this.#parts.signals.settling, new Set(ids), (client) => owned(client, this, ids));
  }

  buried(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#unlessGone(this.#parts.signals.settling, new Set(), (client) => buried(client, this.#parts.keys, ids));
  }

  release(count: number, heard: number): ReturnType<Membership["release"]> {
    const { signals, replyBytes } = this.#parts;
    return this.#unlessGone(signals.reading, { ...NONE_PARKED, isOutdated: false }, async (client) => {
      const { version, ...taken } = await takeParked(client, this.#place, { count, replyBytes, heard });
      return { ...taken, isOutdated: version !== this.#handover.types.version };
    });
  }

  setAside(entries: readonly Aside[]): Promise<void> {
    const keeps = ({ isContested }: Aside): "kept" | "" => this.#keeps(isContested);
    return this.#unlessGone(undefined, undefined, (client) => setEntriesAside(client, this.#place, entries, keeps));
  }

  receive(count: number, most: number): ReturnType<Membership["receive"]> {
    const none = { deliveries: [], takenOver: [], areMore: false };
    return this.#unlessGone(this.#parts.signals.reading, none, (client) => this.#handover.take(client, count, most));
  }

  sweep(): Promise<void> {
    const { keys, signals } = this.#parts;
    return this.#unlessGone(signals.reading, undefined, (client) => sweepAll(client, keys, this.group));
  }

  async look(): ReturnType<Membership["look"]> {
    const { keys, settle, heartbeat, signals } = this.#parts;
    const client = await settle.ready(signals.reading);
    // On a cluster another master may answer the next time.
    const { session } = settle.connection;
    return { ...(await lookForSigns(client, keys, this)), confirmedMs: heartbeat.confirmedMs, session };
  }

  until(...[, ms]: Parameters<Membership["until"]>): Promise<boolean> {
    return this.#parts.pause.for(ms);
  }

  takeOver(...[from, beat, options]: Parameters<Membership["takeOver"]>): ReturnType<Membership["takeOver"]> {
    const { signals, replyBytes } = this.#parts;
    const given = { ...options, from, beat, replyBytes };
    return this.#unlessGone(signals.reading, undefined, (client) => takeOver(client, this.#place, given));
  }

  async enrol(beats?: ReadonlyMap<string, string>): Promise<void> {
    const { settle, signals } = this.#parts;
    await this.#handover.refresh(() => settle.ready(signals.reading), beats);
  }

  async state(): ReturnType<Membership["state"]> {
    return groupState(await this.#parts.settle.ready(), this.#parts.keys, this.group);
  }

  /** A script's argument: whether nobody can have taken over or settled what this consumer holds. To be asked when it is sent. */
  #keeps(isContested: boolean): "kept" | "" {
    return !isContested && this.#parts.heartbeat.keepsAll ? "kept" : "";
  }

  #placeOf({ isContested }: Pick<FailureRecord, "isContested">): FailedPlace {
    return { ...this.#place, keeps: this.#keeps(isContested) };
  }

  #answer(given: Answer, id: string, version?: string): Promise<unknown> {
    return sendAnswer(this.#parts.settle, this.#parts.keys, this.group, { given, id, version });
  }

  /** When the group or its stream is gone, nothing is pending in it, so there is nothing to do. */
  async #unlessGone<Result>(
    waiting: AbortSignal | undefined,
    otherwise: Result,
    command: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await command(await this.#parts.settle.ready(waiting));
    } catch (error) {
      if (isReply(error, "NOGROUP")) return otherwise;
      throw error;
    }
  }
}
