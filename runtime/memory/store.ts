// memory/ implements the port without Redis, in the memory of one process. It may import delivery's base: broker/ to errors.ts.
import { setImmediate } from "node:timers/promises";
import type { Append } from "../broker/append.js";
import type { Answer } from "../broker/delivery.js";
import { placeIn, type Topology, unpartitioned } from "../broker/topology.js";
import type { FlatFields } from "../contract/codec.js";
import type { MemoryGroup } from "./memory-group.js";
import { MemoryLetters } from "./memory-letters.js";
import { MemoryStream } from "./memory-stream.js";
import { Pauses } from "./pauses.js";
import { PubSub } from "./pub-sub.js";
import { Sharing } from "./sharing.js";
import type { VirtualClock } from "./virtual-clock.js";

const DELIVERIES_A_TURN = 64;

interface Kept<Value> {
  readonly value: Value;
  /** In ms since 1970. */
  readonly until: number;
}

/** @param isHandedOn - it is a copy, for a member that handles its type */
type EntryAdded = (stream: string, entryId: string, isHandedOn: boolean) => void;

type Stored = Pick<Append, "stream" | "entry" | "messageId" | "announced" | "onceWindowMs">;

/** What a Redis would hold: streams, dead letters, stored answers, channels. All brokers of a test share one. */
export class Store {
  readonly clock: VirtualClock;
  readonly channels: PubSub = new PubSub();
  readonly #streams = new Map<string, MemoryStream>();
  readonly #letters = new Map<string, MemoryLetters>();
  readonly #pauses = new Map<string, Pauses>();
  /** Of the streams with partitions. */
  readonly #topologies = new Map<string, Topology>();
  readonly #sharings = new Map<string, Sharing>();
  readonly #answers = new Map<string, Kept<string>>();
  readonly #once = new Map<string, Kept<string>>();
  /** How often anything was asked of it. */
  calls = 0;

  readonly #added: EntryAdded;
  #isHalted = false;
  #deliveries = 0;

  /** @param added - told of each entry that is added */
  constructor(clock: VirtualClock, added: EntryAdded) {
    this.clock = clock;
    this.#added = added;
  }

  /** Whether nothing is delivered any more. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  /**
   * Waits for a turn of the event loop now and then. Deliveries that cause each other would otherwise keep everything else
   * from running for good.
   */
  async breathe(): Promise<void> {
    if (++this.#deliveries % DELIVERIES_A_TURN === 0) await setImmediate();
  }

  halt(): void {
    this.#isHalted = true;
  }

  /** Whether a living member holds an entry that it does not keep for a retry. */
  get isUnsettled(): boolean {
    const groups = this.streams.flatMap(({ groups }) => [...groups.values()]);
    return groups.some(({ members, pending }) =>
      [...pending.values()].some(({ owner, isKept }) => !isKept && members.get(owner)?.state === "living"),
    );
  }

  get streams(): readonly MemoryStream[] {
    return [...this.#streams.values()];
  }

  /** The first call for a name creates the stream. */
  stream(name: string): MemoryStream {
    return known(this.#streams, name, () => new MemoryStream(name));
  }

  topology(stream: string): Topology {
    return this.#topologies.get(stream) ?? unpartitioned(stream);
  }

  /** Gives a stream other partitions, of which its members learn when they look. */
  partition(stream: string, topology: Topology): void {
    this.#topologies.set(stream, topology);
    for (const [key, sharing] of this.#sharings) if (key.startsWith(keyOf(stream, ""))) sharing.stir();
  }

  /** The stream of a message with a key: itself, or one of its partitions. */
  placeOf(stream: string, message: Parameters<typeof placeIn>[1]): string {
    const topology = this.#topologies.size === 0 ? undefined : this.#topologies.get(stream);
    return topology === undefined ? stream : placeIn(topology, message);
  }

  /** How a group shares the partitions of a stream. */
  sharing(stream: string, group: string): Sharing {
    return known(this.#sharings, keyOf(stream, group), () => new Sharing(this.clock));
  }

  /** The dead letters of a stream. */
  letters(stream: string): MemoryLetters {
    return known(this.#letters, stream, () => new MemoryLetters());
  }

  /** What is paused of a group. */
  pauses(stream: string, group: string): Pauses {
    const names = [stream, redriveName(stream, group)];
    const groups = (): MemoryGroup[] => names.flatMap((name) => this.#streams.get(name)?.group(group) ?? []);
    return known(this.#pauses, keyOf(stream, group), () => new Pauses(this.clock, groups));
  }

  /** Stores an answer and sends it. */
  answer({ stream, commandId, text, keepMs, replyTo }: Answer): void {
    if (keepMs > 0) this.#answers.set(keyOf(stream, commandId), { value: text, until: this.clock.wall() + keepMs });
    this.channels.publish(replyTo, text);
  }

  answerTo(stream: string, commandId: string): string | undefined {
    return this.#kept(this.#answers, keyOf(stream, commandId));
  }

  /** Adds an entry, unless it is to be stored once and is. Returns its id. */
  append({ stream, entry, messageId = "", announced, onceWindowMs }: Stored): string {
    const now = this.clock.wall();
    const once = onceWindowMs === undefined ? undefined : this.#kept(this.#once, keyOf(stream, messageId));
    if (once !== undefined) return once;
    const id = this.add(stream, entry);
    if (onceWindowMs !== undefined) this.#once.set(keyOf(stream, messageId), { value: id, until: now + onceWindowMs });
    if (announced !== undefined) {
      this.channels.publish(announced.channel, `{"entry_id":"${id}",${announced.json.slice(1)}`);
    }
    return id;
  }

  /** Returns the id of the new entry. */
  add(stream: string, fields: FlatFields): string {
    return this.#add(stream, fields, false);
  }

  /** Adds an entry of a partition to the stream of what was redriven to a group: another member handles its type. */
  handOn(stream: string, fields: FlatFields): void {
    this.#add(stream, fields, true);
  }

  #add(stream: string, fields: FlatFields, isHandedOn: boolean): string {
    this.calls++;
    const { id } = this.stream(stream).add(fields, this.clock.wall());
    this.#added(stream, id, isHandedOn);
    return id;
  }

  #kept(map: Map<string, Kept<string>>, key: string): string | undefined {
    const kept = map.get(key);
    if (kept !== undefined && kept.until > this.clock.wall()) return kept.value;
    map.delete(key);
    return undefined;
  }
}

/** The name of the stream of what was redriven to a group. */
export function redriveName(stream: string, group: string): string {
  return `{${stream}}:redrive:${group}`;
}

function keyOf(stream: string, id: string): string {
  return `${stream}\n${id}`;
}

function known<Value>(map: Map<string, Value>, name: string, create: () => Value): Value {
  const value = map.get(name) ?? create();
  map.set(name, value);
  return value;
}
