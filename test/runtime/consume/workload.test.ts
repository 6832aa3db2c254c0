import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { DONE } from "../../../runtime/broker/delivery.js";
import type { ConsumerParts } from "../../../runtime/consume/parts.js";
import { Workload } from "../../../runtime/consume/workload.js";
import { systemClock } from "../../../runtime/time/clock.js";

it("an entry that is delivered again before its acknowledgement is confirmed is looked for afterwards", async () => {
  let confirm = (): void => {};
  const acknowledged = new Promise<void>((resolve) => {
    confirm = resolve;
  });
  const parts = {
    config: { batchSize: 10, concurrency: 10, order: "none", bufferBytes: 1e6, replyBytes: 1e6 },
    membership: { lapsed: () => false, acknowledge: () => acknowledged },
    dispatcher: { dispatch: () => DONE },
    clock: systemClock,
    hooks: { emit: () => {} },
    halt: { isTotal: false, isOfTypes: false, holds: () => false, onChange: () => {} },
  } as unknown as ConsumerParts;
  const workload = new Workload(parts);
  workload.open();
  workload.isComplete = true;
  const delivery = { id: "1-1", fields: [], attempt: 1 };
  workload.take([delivery]);
  const flushed = workload.settler.flushed();

  // As after XGROUP SETID: it may be pending again, or have become pending before its acknowledgement came.
  workload.take([delivery]);
  expect([workload.holds("1-1"), workload.isComplete]).toEqual([true, true]);
  confirm();
  await flushed;
  await turn();

  expect([workload.holds("1-1"), workload.isComplete]).toEqual([false, false]);
});
