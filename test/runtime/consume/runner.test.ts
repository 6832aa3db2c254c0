import { expect, it } from "vitest";
import { type Delivery, DONE, type Outcome } from "../../../runtime/broker/delivery.js";
import type { Fetched } from "../../../runtime/broker/membership.js";
import { Backlog } from "../../../runtime/consume/backlog.js";
import { HeldRetries } from "../../../runtime/consume/held-retries.js";
import { Holdings } from "../../../runtime/consume/holdings.js";
import type { ConsumerParts, Watching } from "../../../runtime/consume/parts.js";
import { Runner } from "../../../runtime/consume/runner.js";
import type { Settler } from "../../../runtime/consume/settler.js";
import type { Clock } from "../../../runtime/time/clock.js";
import { Pause } from "../../../runtime/time/pause.js";

const LEASE_MS = 1000;

/** A runner that fetches one entry, on a clock that stands still. */
class Stage {
  readonly settling = new AbortController();
  readonly begun: string[] = [];
  readonly holdings: Holdings = new Holdings(1e9);
  readonly runner: Runner;
  now = 0;
  hasLapsed = false;
  lapses = 0;
  fetches = 0;
  #arrive = (_: Fetched): void => {};

  constructor() {
    const dispatch = ({ id }: Delivery): Outcome => {
      this.begun.push(id);
      return DONE;
    };
    const fetch = (): Promise<Fetched> => {
      this.fetches++;
      return new Promise((resolve) => {
        this.#arrive = resolve;
      });
    };
    const parts = {
      config: { concurrency: 1, order: "none", replyBytes: 1e6, leaseMs: LEASE_MS },
      membership: { fetch },
      dispatcher: { dispatch },
      clock: { now: () => this.now },
      settling: this.settling,
      halt: { isTotal: false, isOfTypes: false, holds: () => false, onChange: () => {} },
    } as unknown as ConsumerParts;
    const work = { untilDone: (_: string, work: () => unknown) => work(), settle: () => {}, rest: () => {} };
    const settler = work as unknown as Settler;
    const ignore = (): void => {};
    const notice = (): number => (this.hasLapsed ? ++this.lapses : this.lapses);
    const lapses = { notice, judged: undefined };
    const watching: Watching = { settled: ignore, moved: ignore, unloaded: ignore, lapses };
    const { holdings } = this;
    const backlog = new Backlog(undefined, holdings);
    this.runner = new Runner(parts, { backlog, holdings, settler, watching });
    backlog.push({ id: "1-1", attempt: 0, isTakenOver: false, isAlone: false });
    this.runner.pump();
  }

  get fetching(): string[] {
    return [...this.runner.fetching].map(({ id }) => id);
  }

  async arrive(deliveries: readonly Delivery[]): Promise<void> {
    this.#arrive({ deliveries, looked: 1 });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const delivery: Delivery = { id: "1-1", fields: [], attempt: 1 };

it("an entry that is being fetched begins when it comes", async () => {
  const stage = new Stage();
  await stage.arrive([delivery]);
  expect([stage.begun, stage.fetching, stage.fetches]).toEqual([["1-1"], [], 1]);
});

it("what is being fetched has its room, which nothing else takes meanwhile", async () => {
  const stage = new Stage();
  expect(stage.holdings.spareBytes).toBe(1e9 - 1e6);
  await stage.arrive([delivery]);
  expect(stage.holdings.spareBytes).toBe(1e9);
});

it("an entry that is being fetched does not begin any more after settling has ended, and is given back", async () => {
  const stage = new Stage();
  stage.settling.abort();
  await stage.arrive([delivery]);
  expect([stage.begun, stage.fetching]).toEqual([[], ["1-1"]]);
});

it("an entry whose fetch is answered after a pause of half a lease is fetched again, since others may have it", async () => {
  const stage = new Stage();
  stage.now += LEASE_MS;
  stage.hasLapsed = true;
  await stage.arrive([delivery]);
  expect([stage.begun, stage.fetching, stage.fetches]).toEqual([[], ["1-1"], 2]);
  await stage.arrive([]);
  expect([stage.begun, stage.fetching, stage.fetches]).toEqual([[], [], 2]);
});

it("so is one whose fetch is answered after a pause that something else has noticed before", async () => {
  const stage = new Stage();
  stage.now += LEASE_MS;
  stage.lapses++;
  await stage.arrive([delivery]);
  expect([stage.begun, stage.fetching, stage.fetches]).toEqual([[], ["1-1"], 2]);
});

it("an entry that is fetched quickly begins also while this consumer's lease is over: only its owner can fetch it", async () => {
  const stage = new Stage();
  stage.hasLapsed = true;
  await stage.arrive([delivery]);
  expect([stage.begun, stage.fetches]).toEqual([["1-1"], 1]);
});

it.each(["lost", "deleted", null])(
  "with an order, nothing waits for the time of a retry whose entry is %s when its failure is recorded",
  async (kept) => {
    let timers = 0;
    const after = (): { cancel(): void } => {
      timers++;
      return { cancel: () => timers-- };
    };
    const parts = {
      config: { concurrency: 1, order: "entity" },
      dispatcher: { dispatch: (): Outcome => ({ kind: "retry", delayMs: 1e6, error: new Error("fails") }) },
      halt: { isTotal: false, isOfTypes: false, holds: () => false, onChange: () => {} },
      reading: new Pause(new AbortController().signal, { after } as unknown as Clock, () => {}),
      heldRetries: new HeldRetries(),
      membership: { fetch: () => new Promise(() => {}) },
      clock: { now: () => 0 },
    } as unknown as ConsumerParts;
    const settler = { keep: () => Promise.resolve(kept), untilDone: (_: string, work: () => unknown) => work() };
    const ignore = (): void => {};
    const watching = {
      settled: ignore,
      moved: ignore,
      unloaded: ignore,
      lapses: { notice: () => 0, judged: undefined },
    };
    const holdings = new Holdings(1e9);
    const backlog = new Backlog(() => "lane", holdings);
    const runner = new Runner(parts, { backlog, holdings, settler: settler as unknown as Settler, watching });
    backlog.push(delivery);
    runner.open();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers).toBe(0);
  },
);
