import { comesBefore } from "../broker/entry-id.js";
import type { Channel } from "../broker/subscriptions.js";
import type { PlainMessage } from "../contract/codec.js";
import { coverOf } from "./channel.js";

/** A notification as it was read from the stream. */
export interface Stored {
  readonly entryId: string;
  readonly channel: string;
  readonly message: PlainMessage;
}

/** A subscription that has missed something. */
export interface Misser {
  readonly channel: Channel;
  readonly isClosed: boolean;
  /** The entry after which to read; moved on by what is read. */
  position: string;
  deliver(stored: Stored): void;
}

/** The subscriptions for which a pass reads, by what they listen to. */
export class Missers {
  readonly #all = new Map<Misser, () => void>();
  readonly #byChannel = new Map<string, Misser[]>();
  readonly #byPattern: (readonly [covers: (channel: string) => boolean, Misser])[] = [];

  /** @param done - called when the pass is over */
  add(misser: Misser, done: () => void): void {
    this.#all.set(misser, done);
    const { channel } = misser;
    if (channel.isPattern) this.#byPattern.push([coverOf(channel), misser]);
    else {
      const others = this.#byChannel.get(channel.name);
      if (others === undefined) this.#byChannel.set(channel.name, [misser]);
      else others.push(misser);
    }
  }

  *of(channel: string): Iterable<Misser> {
    yield* this.#byChannel.get(channel) ?? [];
    for (const [covers, misser] of this.#byPattern) if (covers(channel)) yield misser;
  }

  get areClosed(): boolean {
    for (const { isClosed } of this.#all.keys()) if (!isClosed) return false;
    return true;
  }

  /** Everything up to an entry has been read. */
  reached(entryId: string): void {
    for (const misser of this.#all.keys()) if (comesBefore(misser.position, entryId)) misser.position = entryId;
  }

  done(): void {
    for (const done of this.#all.values()) done();
  }
}
