// consume/ is one consumer of a group. It may import handle/ and what handle/ may import.
import type { GroupPause } from "../broker/group-pause.js";
import type { MemberPlace, Members, Membership } from "../broker/membership.js";
import { ClosedError } from "../errors.js";
import { describeFailure } from "../handle/failure.js";
import type { LoopState } from "../messaging/health.js";
import { Pause } from "../time/pause.js";
import { BurialWatch } from "./burial-watch.js";
import { Halt } from "./halt.js";
import { HeldRetries } from "./held-retries.js";
import type { ConsumerParts } from "./parts.js";
import { adopt, takeReturned } from "./precedence.js";
import { Reader } from "./reader.js";
import { Reaper } from "./reaper.js";
import { runRetryQueue } from "./retry-queue.js";
import { Workload } from "./workload.js";

/** How much longer than its block a read may be silent before it counts as stuck. */
const STUCK_AFTER_MS = 3000;

type GivenParts = Pick<ConsumerParts, "config" | "dispatcher" | "clock" | "hooks">;

/**
 * One consumer of a stream's group: joins it, takes entries to their handlers, and leaves. A crash at any line loses
 * nothing: from its delivery until it is settled, an entry is pending in the group, where another member takes it over.
 */
export class StreamConsumer {
  readonly membership: Membership;
  /** Resolves when it has joined its group, or to the error with which it failed to for the first time. */
  readonly attempted: Promise<unknown>;
  readonly #parts: ConsumerParts;
  readonly #reading = new AbortController();
  readonly #settling = new AbortController();
  readonly #workload: Workload;
  readonly #reader: Reader;
  readonly #reaper: Reaper;
  #loops: Promise<unknown> | undefined;
  #attempt: (failure?: unknown) => void = () => {};
  /** Where its group begins if it is new. */
  #startFrom: "all" | "new" | number;
  #hasJoined = false;

  constructor(place: MemberPlace, members: Members, given: GivenParts) {
    const { clock, hooks } = given;
    const reading = new Pause(this.#reading.signal, clock, hooks.trouble);
    const settling = new Pause(this.#settling.signal, clock, hooks.trouble);
    this.membership = members.add(place, { reading: reading.signal, settling: settling.signal });
    const halt = new Halt(place, given);
    const heldRetries = new HeldRetries();
    this.#parts = { ...given, membership: this.membership, reading, settling, halt, heldRetries };
    this.#workload = new Workload(this.#parts);
    this.#reader = new Reader(this.#parts, this.#workload, () => this.#prepare());
    this.#reaper = new Reaper(this.#parts, this.#workload);
    halt.onChange(() => {
      // What was given back while all was paused comes before what is read from now on: the reader looks for it first.
      if (!halt.isTotal) this.#workload.suspectLoss();
    });
    this.#startFrom = place.redriven ? "all" : given.config.startFrom;
    this.attempted = new Promise((resolve) => {
      this.#attempt = resolve;
    });
  }

  /** Those that it consists of. */
  get consumers(): readonly StreamConsumer[] {
    return [this];
  }

  get loop(): LoopState {
    if (this.#reading.signal.aborted) return "stopped";
    if (!this.#workload.isOpen) return "stuck";
    if (this.#parts.halt.isTotal) return "paused";
    if (this.#workload.room === 0) return "busy";
    // A read returns within its block. If it takes much longer, Redis does not answer.
    return this.#reader.silentMs < this.#parts.config.blockTimeMs + STUCK_AFTER_MS ? "reading" : "stuck";
  }

  /** What an operator has paused. */
  get pauses(): readonly GroupPause[] {
    return this.#parts.halt.pauses;
  }

  /**
   * Begins to read in the background, and waits there for a Redis that is away.
   *
   * @param since - when it was to start, in ms on the monotonic clock
   * @param isAwaited - whether what is published next waits for the first attempt to join
   */
  start(since: number, isAwaited: boolean): void {
    const join = (): void => {
      if (this.#startFrom === "new") this.#startFrom = since;
    };
    // From its first failure on, others may publish what it must not miss.
    if (isAwaited) void this.attempted.then(join);
    else join();
    // A partition has one reader: there is no other to watch.
    const isOwner = this.membership.lease !== undefined;
    const reaping = isOwner ? [] : [this.#reaper.run()];
    if (isOwner) void new BurialWatch(this.#parts, this.#workload).run();
    this.#loops = Promise.all([this.#reader.run(), runRetryQueue(this.#parts, this.#workload), ...reaping]);
  }

  /** Reads and begins nothing more. To be called before {@link stop}. */
  forsake(): void {
    this.#reading.abort();
    this.#workload.forsake();
  }

  /** Stops reading, and lets the entries that it holds be handled until the deadline resolves. */
  async stop(deadline: Promise<unknown>): Promise<void> {
    this.#reading.abort();
    this.#attempt();
    this.#workload.stop();
    await this.membership.interrupt();
    await this.#loops;
    await Promise.race([this.#workload.drained(), deadline]);
    this.#settling.abort();
    this.#parts.dispatcher.stop();
  }

  /** Gives back the entries that it still holds, so that another consumer has them at once, and leaves the group. */
  async leave(): Promise<void> {
    if (!this.#workload.isOpen) return;
    const failure = JSON.stringify(
      describeFailure(new ClosedError("the handler had not ended"), this.#parts.clock.wall()),
    );
    await this.membership.leave({ ...this.#workload.close(), failure });
  }

  /** Called before the first read, and after everything that may have lost a delivery or the group. */
  async #prepare(): Promise<void> {
    try {
      await this.#join();
      // A group that is created again must not begin with new entries: that would skip those added meanwhile.
      this.#startFrom = "all";
      this.#workload.open();
      const lapses = this.#workload.lapses.notice();
      await this.membership.takeStrays({
        holds: (id) => this.#workload.holds(id),
        take: (deliveries) => this.#workload.take(deliveries, lapses),
      });
      await adopt(this.#parts, this.#workload);
      await takeReturned(this.#parts, this.#workload);
      this.#attempt();
    } catch (error) {
      this.#attempt(error);
      throw error;
    }
  }

  async #join(): Promise<void> {
    const { stream, group } = this.membership;
    for (;;) {
      const { createdFrom, retryInMs, pauses } = await this.membership.join(this.#startFrom);
      this.#parts.halt.learn(pauses);
      const again = this.#hasJoined;
      if (createdFrom !== undefined)
        this.#parts.hooks.emit("groupCreated", { stream, group, from: createdFrom, again });
      this.#hasJoined ||= retryInMs === undefined;
      if (retryInMs === undefined) return;
      if (!(await this.#parts.reading.for(retryInMs))) throw new ClosedError(`no longer waiting for ${group}`);
    }
  }
}
