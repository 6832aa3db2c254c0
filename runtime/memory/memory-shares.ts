import type { Shares, ShareWatch } from "../broker/shares.js";
import type { Instance } from "./instance.js";
import { createMissing } from "./joining.js";
import type { Sharing } from "./sharing.js";
import type { Store } from "./store.js";

/**
 * For so long after a change members look as often as on Redis, which is longer than they take to learn of other partitions.
 * Then they wait for the next change, so that a quiet day costs no looks.
 */
const STIRRED_MS = 15_000;

export interface SharesParts {
  readonly store: Store;
  readonly instance: Instance;
  /** Aborted when the member looks no more. */
  readonly signal: AbortSignal;
}

/** A member's share of a stream's partitions, in the memory of this process. */
export class MemoryShares implements Shares {
  readonly #consumer: string;
  readonly #group: string;
  readonly #sharing: Sharing;
  readonly #parts: SharesParts;

  constructor(
    { stream, group, consumer }: { readonly stream: string; readonly group: string; readonly consumer: string },
    parts: SharesParts,
  ) {
    this.#consumer = consumer;
    this.#group = group;
    this.#sharing = parts.store.sharing(stream, group);
    this.#parts = parts;
    const { stirred, silent } = this.#sharing;
    parts.signal.addEventListener("abort", () => [stirred, silent].forEach((signal) => void signal.tell()), {
      once: true,
    });
    parts.instance.onCrash(() => this.#sharing.silence(consumer));
  }

  register(...[partition, startFrom]: Parameters<Shares["register"]>): ReturnType<Shares["register"]> {
    return this.#call(() => createMissing(this.#parts.store, partition, this.#group, startFrom).createdFrom);
  }

  news(version: string): ReturnType<Shares["news"]> {
    return this.#call(() => this.#sharing.news(this.#consumer, version));
  }

  async untilChanged(watch: ShareWatch): Promise<void> {
    const { stirred, silent } = this.#sharing;
    const { signal } = this.#parts;
    if (watch === "plan") while (this.#sharing.quietMs > STIRRED_MS && !signal.aborted) await stirred.next();
    else while (this.#sharing.areAllLiving && !signal.aborted) await silent.next();
  }

  join(...[topology, version]: Parameters<Shares["join"]>): ReturnType<Shares["join"]> {
    return this.#call(() => this.#sharing.join(this.#consumer, topology, version));
  }

  retire(...[topology]: Parameters<Shares["retire"]>): Promise<void> {
    return this.#call(() => this.#sharing.retire(this.#consumer, topology));
  }

  leave(...[topology]: Parameters<Shares["leave"]>): Promise<void> {
    return this.#call(() => this.#sharing.leave(this.#consumer, topology));
  }

  look(): ReturnType<Shares["look"]> {
    return this.#call(() => ({ beats: this.#sharing.beats(), confirmedMs: this.#parts.instance.clock.now() }));
  }

  expel(...[member, beat, topology]: Parameters<Shares["expel"]>): Promise<void> {
    return this.#call(() => this.#sharing.expel(member, beat, topology));
  }

  acquire(partition: string): ReturnType<Shares["acquire"]> {
    return this.#call(() => this.#sharing.acquire(partition, this.#consumer));
  }

  /** Whoever owns a partition is a member of its group. */
  serve(): Promise<void> {
    return this.#call(() => {});
  }

  release(...[lease]: Parameters<Shares["release"]>): Promise<void> {
    return this.#call(() => this.#sharing.release(lease));
  }

  claim(...[partition, owner]: Parameters<Shares["claim"]>): Promise<void> {
    return this.#call(() => this.#sharing.claim(partition, owner));
  }

  concede(partition: string): Promise<void> {
    return this.#call(() => this.#sharing.concede(partition, this.#consumer));
  }

  #call<Result>(work: () => Result): Promise<Result> {
    return this.#parts.instance.call(work);
  }
}
