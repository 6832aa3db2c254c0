import type { Unhandled } from "../broker/delivery.js";
import type { Entry, EntryLog } from "./entry-log.js";
import { Members } from "./members.js";
import { Signal } from "./signal.js";

/** Owns the entries that wait for their retry. No process has this name. */
export const PARKED = "parked";
/** Owns the entries that wait for a member that handles their type. No process has this name. */
export const HANDOVER = "handover";

/** An entry that was delivered to a group and is not acknowledged. */
export interface Pending {
  readonly entry: Entry;
  owner: string;
  /** How often it was delivered. */
  count: number;
  /** The errors of its failed attempts, each as JSON. */
  readonly failures: string[];
  /** When its retry is due, where it is parked. */
  dueAt: number;
  /** As it was handed over. */
  unhandled: Unhandled | undefined;
  /** It failed, and its owner tries it again itself. */
  isKept: boolean;
  /** Its type, where it is parked because that is paused. */
  pausedType: string | undefined;
}

/** A consumer group of a stream: what was delivered to whom, and who its members are. */
export class MemoryGroup {
  readonly #log: EntryLog;
  readonly name: string;
  readonly members: Members = new Members();
  readonly pending: Map<string, Pending> = new Map();
  /** Told when an entry was added to the stream. */
  readonly arrived: Signal = new Signal();
  /** Told when an entry was parked or handed over, or the members have changed. */
  readonly due: Signal = new Signal();
  /** Told when a member has stopped to give signs of life. */
  readonly silent: Signal = new Signal();
  /** Until when it counts as served, where no member lives: in ms on the broker's clock. */
  servedAt = 0;
  /** The place of the entry that is delivered next. */
  #next: number;

  constructor(log: EntryLog, name: string, from: number) {
    this.#log = log;
    this.name = name;
    this.#next = from;
  }

  /** How many entries were not delivered yet. */
  get lag(): number {
    return this.#log.countFrom(this.#next);
  }

  get hasUnread(): boolean {
    return this.#log.from(this.#next) !== undefined;
  }

  isUnread({ at }: Entry): boolean {
    return at >= this.#next;
  }

  /** The place of the first entry that is not acknowledged. */
  get floor(): number {
    let floor = this.#next;
    for (const { entry } of this.pending.values()) floor = Math.min(floor, entry.at);
    return floor;
  }

  /** Delivers up to so many new entries to a member. */
  read(owner: string, count: number): readonly Pending[] {
    const read: Pending[] = [];
    while (read.length < count) {
      const entry = this.#log.from(this.#next);
      if (entry === undefined) break;
      this.#next = entry.at + 1;
      const begun = { failures: [], dueAt: 0, unhandled: undefined, isKept: false, pausedType: undefined };
      const pending = { entry, owner, count: 1, ...begun };
      this.pending.set(entry.id, pending);
      read.push(pending);
    }
    return read;
  }

  /** What is pending for an owner, the oldest first. */
  of(owner: string): readonly Pending[] {
    const held = [...this.pending.values()].filter((pending) => pending.owner === owner);
    return held.sort((one, other) => one.entry.at - other.entry.at);
  }

  /** What is parked, in the order in which it is due. */
  get parked(): readonly Pending[] {
    return [...this.of(PARKED)].sort((one, other) => one.dueAt - other.dueAt);
  }

  /** Gives an entry to another owner. One that was deleted from its stream is pending no longer, and returns `false`. */
  claim(pending: Pending, owner: string, count: number = pending.count): boolean {
    pending.owner = owner;
    pending.count = count;
    pending.unhandled = undefined;
    pending.isKept = false;
    pending.pausedType = undefined;
    if (pending.entry.isDeleted) this.pending.delete(pending.entry.id);
    return !pending.entry.isDeleted;
  }

  park(pending: Pending, count: number, dueAt: number): boolean {
    if (!this.claim(pending, PARKED, count)) return false;
    pending.dueAt = dueAt;
    this.due.tell();
    return true;
  }

  acknowledge(ids: readonly string[]): void {
    for (const id of ids) this.pending.delete(id);
  }
}

/** How many deliveries before an attempt began in processes that died. */
export function deathsOf({ failures }: Pending, attempt: number): number {
  return Math.max(0, attempt - 1 - failures.length);
}
