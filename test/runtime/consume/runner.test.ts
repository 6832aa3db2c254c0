import { expect, it } from "vitest";
import { type Delivery, DONE, type Outcome } from "../../../runtime/broker/delivery.js";
import { Backlog } from "../../../runtime/consume/backlog.js";
import type { ConsumerParts, Watching } from "../../../runtime/consume/parts.js";
import { Runner } from "../../../runtime/consume/runner.js";
import type { Settler } from "../../../runtime/consume/settler.js";

it.each([
  ["begins when it comes", false, ["1-1"]],
  ["does not begin any more after settling has ended, and is given back", true, []],
])("an entry that is being fetched %s", async (_, hasEnded, expected) => {
  const settling = new AbortController();
  const begun: string[] = [];
  const dispatch = ({ id }: Delivery): Outcome => {
    begun.push(id);
    return DONE;
  };
  let arrive = (_: Delivery[]): void => {};
  const fetched = new Promise<Delivery[]>((resolve) => {
    arrive = resolve;
  });
  const parts = {
    config: { concurrency: 1, order: "none" },
    membership: { fetch: () => fetched },
    dispatcher: { dispatch },
    settling,
  };
  const settler = { untilDone: (_: string, work: () => unknown) => work(), settle: () => {}, rest: () => {} };
  const watching: Watching = { settled: () => {}, moved: () => {}, noticeLapse: () => false };
  const backlog = new Backlog(undefined);
  const runner = new Runner(parts as unknown as ConsumerParts, backlog, settler as unknown as Settler, watching);
  backlog.push({ id: "1-1", attempt: 0, isTakenOver: false, isAlone: false });
  runner.pump();
  if (hasEnded) settling.abort();
  arrive([{ id: "1-1", fields: [], attempt: 1 }]);

  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(expected);
  expect([...runner.fetching].map(({ id }) => id)).toEqual(hasEnded ? ["1-1"] : []);
});
