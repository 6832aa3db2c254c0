import type { MemberPlace, Members, Membership } from "../broker/membership.js";
import { ClosedError } from "../errors.js";
import type { LoopState } from "../messaging/health.js";
import { Pause } from "../time/pause.js";
import { Alarm } from "./alarm.js";
import type { ConsumerParts } from "./parts.js";
import { Reader } from "./reader.js";
import { Reaper } from "./reaper.js";
import { RetryQueue } from "./retry-queue.js";
import { Suspects } from "./suspects.js";
import { Workload } from "./workload.js";

/** How much longer than its block a read may be silent before it counts as stuck. */
const STUCK_AFTER_MS = 3000;

/** What a consumer works with. */
export interface StreamConsumerParts extends Pick<ConsumerParts, "config" | "dispatcher" | "clock" | "hooks"> {
  readonly members: Members;
}

/**
 * One consumer of a stream's group: it joins the group, takes entries to their handlers, and leaves in order.
 *
 * A crash at any line loses nothing. An entry is pending in the group from the moment that Redis delivers it until it is
 * settled, and the member that takes over from this consumer finds it there.
 */
export class StreamConsumer {
  readonly membership: Membership;
  readonly #parts: ConsumerParts;
  /** Ends the reading. */
  readonly #reading = new AbortController();
  /** Ends the settling, when the drain deadline has passed. */
  readonly #settling = new AbortController();
  readonly #workload: Workload;
  readonly #retries: RetryQueue;
  readonly #reaper: Reaper;
  readonly #reader: Reader;
  #loops: Promise<unknown>[] = [];
  #attempt = (): void => {};
  readonly #attempted = new Promise<void>((resolve) => {
    this.#attempt = resolve;
  });

  constructor(place: MemberPlace, { members, ...given }: StreamConsumerParts) {
    const { clock, hooks } = given;
    const reading = new Pause(this.#reading.signal, clock, hooks.trouble);
    const settling = new Pause(this.#settling.signal, clock, hooks.trouble);
    this.membership = members.add(place, { reading: reading.signal, settling: settling.signal });
    const parts = { ...given, membership: this.membership, reading, settling };
    const alarm = new Alarm(parts);
    const workload = new Workload(parts, alarm);
    this.#parts = parts;
    this.#workload = workload;
    this.#retries = new RetryQueue(parts, workload, alarm);
    this.#reaper = new Reaper(parts, new Suspects(parts, workload));
    this.#reader = new Reader(parts, workload, () => this.#prepare());
  }

  /** The state of its read loop. */
  get loop(): LoopState {
    if (this.#reading.signal.aborted) return "stopped";
    if (this.#workload.isOpen && this.#workload.room === 0) return "busy";
    // A read that waits returns within its block. Some time later, Redis does not answer.
    return this.#reader.silentMs < this.#parts.config.blockTimeMs + STUCK_AFTER_MS ? "reading" : "stuck";
  }

  /** Resolves when it has joined its group, or has failed to for the first time. */
  get attempted(): Promise<void> {
    return this.#attempted;
  }

  /** Begins to read, in the background. Returns at once; a Redis that is away is waited for. */
  start(): void {
    this.#loops = [this.#reader.run(), this.#retries.run(), this.#reaper.run()];
  }

  /** Stops reading, and lets the entries that it holds be handled until the deadline. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#reading.abort();
    this.#attempt();
    this.#workload.wake();
    await this.membership.interrupt();
    await Promise.all(this.#loops);
    await Promise.race([this.#workload.drained(), aborted(deadline)]);
    this.#settling.abort();
    this.#parts.dispatcher.stop();
  }

  /** Gives back the entries that it still holds, so that another consumer has them at once, and leaves the group. */
  async leave(): Promise<void> {
    if (!this.#workload.isOpen) return;
    await this.membership.leave(this.#workload.drop().map(({ id }) => id));
  }

  /** Before the first read, and after everything that may have lost a delivery or the group. */
  async #prepare(): Promise<void> {
    try {
      await this.#join();
      this.#workload.open();
      await this.membership.takeStrays(this.#workload);
    } finally {
      this.#attempt();
    }
  }

  async #join(): Promise<void> {
    const { stream, group, redriven } = this.membership;
    for (;;) {
      // Later a missing group never begins with new entries only: that would skip what was added meanwhile.
      const startFrom = this.#workload.isOpen || redriven ? "all" : this.#parts.config.startFrom;
      const { createdFrom, retryInMs } = await this.membership.join(startFrom);
      if (createdFrom !== undefined) this.#parts.hooks.emit("groupCreated", { stream, group, from: createdFrom });
      if (retryInMs === undefined) return;
      if (!(await this.#parts.reading.for(retryInMs))) throw new ClosedError(`no longer waiting for ${group}`);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
