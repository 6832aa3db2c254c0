import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Delivery, DONE } from "../../../runtime/broker/delivery.js";
import type { Fetched, Membership } from "../../../runtime/broker/membership.js";
import type { ConsumerParts } from "../../../runtime/consume/parts.js";
import { Reader } from "../../../runtime/consume/reader.js";
import { Workload } from "../../../runtime/consume/workload.js";
import { systemClock } from "../../../runtime/time/clock.js";

/** What a workload needs to hold entries and have them handled. */
function partsWith(given: object): ConsumerParts {
  return {
    config: { batchSize: 10, concurrency: 10, order: "none", bufferBytes: 1e6, replyBytes: 1e6, leaseMs: 1000 },
    membership: { lapsed: () => false },
    dispatcher: { dispatch: () => DONE },
    clock: systemClock,
    hooks: { emit: () => {} },
    halt: { isTotal: false, isOfTypes: false, holds: () => false, onChange: () => {} },
    ...given,
  } as unknown as ConsumerParts;
}

it("an entry that is delivered again before its acknowledgement is confirmed is looked for afterwards", async () => {
  let confirm = (): void => {};
  const acknowledged = new Promise<void>((resolve) => {
    confirm = resolve;
  });
  const parts = partsWith({ membership: { lapsed: () => false, acknowledge: () => acknowledged } });
  const workload = new Workload(parts);
  workload.open();
  workload.isComplete = true;
  const delivery = { id: "1-1", fields: [], attempt: 1 };
  workload.take([delivery], 0);
  const flushed = workload.settler.flushed();

  // As after XGROUP SETID: it may be pending again, or have become pending before its acknowledgement came.
  workload.take([delivery], 0);
  expect([workload.holds("1-1"), workload.isComplete]).toEqual([true, true]);
  confirm();
  await flushed;
  await turn();

  expect([workload.holds("1-1"), workload.isComplete]).toEqual([false, false]);
});

it("a retry that is released at the moment in which it is known to be parked is handled once", async () => {
  const begun: string[] = [];
  const parts = partsWith({
    membership: { lapsed: () => false, recordFailure: async () => "kept", acknowledge: async () => {} },
    dispatcher: {
      dispatch: ({ id, attempt }: Delivery) => {
        begun.push(`${id} ${attempt}`);
        return attempt === 1 ? { kind: "retry", delayMs: 0, error: new Error("no") } : DONE;
      },
    },
    hooks: { emit: () => {}, count: () => {}, wants: () => false },
    settling: { signal: new AbortController().signal },
  });
  const workload = new Workload(parts);
  workload.open();
  workload.take([{ id: "1-1", fields: [], attempt: 1 }], 0);
  await workload.roomier();
  expect([workload.holds("1-1"), workload.settler.settling.has("1-1")]).toEqual([false, true]);

  workload.takeAgain([{ id: "1-1", fields: [], attempt: 2 }], 0);
  await workload.settler.flushed();
  await turn();
  expect(begun).toEqual(["1-1 1", "1-1 2"]);
});

it.each([false, true])(
  "entries that were asked for before the lease lapsed, and came afterwards, are fetched before they begin (retries: %s)",
  async (areRetries) => {
    let hasLapsed = false;
    const begun: string[] = [];
    const fetched: string[] = [];
    const fetch = async (entries: readonly { readonly id: string }[]): Promise<Fetched> => {
      fetched.push(...entries.map(({ id }) => id));
      // The first is another member's by now.
      return { deliveries: [{ id: "1-2", fields: [], attempt: 1 }], looked: entries.length };
    };
    const parts = partsWith({
      membership: { lapsed: () => hasLapsed, fetch, owned: async (ids: readonly string[]) => new Set(ids) },
      // Their handlers do not end.
      dispatcher: { dispatch: ({ id }: Delivery) => void begun.push(id) },
      settling: { signal: new AbortController().signal },
    });
    const workload = new Workload(parts);
    workload.open();
    const since = workload.lapses.notice();
    // Its process stood still, and something has noticed that before the reply was read.
    hasLapsed = true;
    workload.lapses.notice();
    hasLapsed = false;
    const late = ["1-1", "1-2"].map((id) => ({ id, fields: [], attempt: 1 }));
    if (areRetries) workload.takeAgain(late, since);
    else workload.take(late, since);
    await turn();
    expect([fetched, begun]).toEqual([["1-1", "1-2"], ["1-2"]]);

    workload.take([{ id: "1-3", fields: [], attempt: 1 }], workload.lapses.notice());
    expect([fetched.length, begun]).toEqual([2, ["1-2", "1-3"]]);
  },
);

it("a retry is fetched before it begins, if the lease lapsed while it was released and its parking was not confirmed yet", async () => {
  let hasLapsed = false;
  let confirm = (): void => {};
  const recorded = new Promise<string>((resolve) => {
    confirm = () => resolve("kept");
  });
  const begun: number[] = [];
  const fetched: string[] = [];
  const fetch: Membership["fetch"] = async (entries) => {
    fetched.push(...entries.map(({ id }) => id));
    return { deliveries: [], looked: entries.length };
  };
  const parts = partsWith({
    membership: { lapsed: () => hasLapsed, recordFailure: () => recorded, fetch, owned: async () => new Set() },
    dispatcher: {
      dispatch: ({ attempt }: Delivery) => {
        begun.push(attempt);
        return { kind: "retry", delayMs: 0, error: new Error("no") };
      },
    },
    hooks: { emit: () => {}, count: () => {}, wants: () => false },
    settling: { signal: new AbortController().signal },
  });
  const workload = new Workload(parts);
  workload.open();
  workload.take([{ id: "1-1", fields: [], attempt: 1 }], 0);
  workload.takeAgain([{ id: "1-1", fields: [], attempt: 2 }], workload.lapses.notice());
  hasLapsed = true;
  workload.lapses.notice();
  hasLapsed = false;
  confirm();
  await workload.settler.flushed();
  await turn();
  expect([begun, fetched]).toEqual([[1], ["1-1"]]);
});

it("what a read brings is fetched before it begins, if the lease lapsed while the read was under way", async () => {
  let hasLapsed = false;
  let reply = (): void => {};
  const fetched: string[] = [];
  const reading = new AbortController();
  const read: Membership["read"] = async (_count, take) => {
    await new Promise<void>((resolve) => {
      reply = resolve;
    });
    take([{ id: "1-1", fields: [], attempt: 1 }]);
    reading.abort();
  };
  const fetch: Membership["fetch"] = async (entries) => {
    fetched.push(...entries.map(({ id }) => id));
    return { deliveries: [], looked: entries.length };
  };
  const parts = partsWith({
    membership: { lapsed: () => hasLapsed, read, fetch, owned: async () => new Set() },
    hooks: { emit: () => {}, wants: () => false, count: () => {} },
    reading: { signal: reading.signal, afterFailure: async () => false },
    settling: { signal: new AbortController().signal },
  });
  const workload = new Workload(parts);
  const running = new Reader(parts, workload, async () => workload.open()).run();
  await turn();
  hasLapsed = true;
  workload.lapses.notice();
  hasLapsed = false;
  reply();
  await running;
  await turn();
  expect(fetched).toEqual(["1-1"]);
});
