import { expect, it } from "vitest";
import { type Delivery, DONE, type Outcome } from "../../../runtime/broker/delivery.js";
import type { Fetched } from "../../../runtime/broker/membership.js";
import { Backlog } from "../../../runtime/consume/backlog.js";
import { Holdings } from "../../../runtime/consume/holdings.js";
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
  let arrive = (_: Fetched): void => {};
  const fetched = new Promise<Fetched>((resolve) => {
    arrive = resolve;
  });
  const parts = {
    config: { concurrency: 1, order: "none", replyBytes: 1e6 },
    membership: { fetch: () => fetched },
    dispatcher: { dispatch },
    settling,
  };
  const settler = { untilDone: (_: string, work: () => unknown) => work(), settle: () => {}, rest: () => {} };
  const ignore = (): void => {};
  const watching: Watching = { settled: ignore, moved: ignore, unloaded: ignore, noticeLapse: () => false };
  const holdings = new Holdings(1e9);
  const backlog = new Backlog(undefined, holdings);
  const runner = new Runner(parts as unknown as ConsumerParts, {
    backlog,
    holdings,
    settler: settler as unknown as Settler,
    watching,
  });
  backlog.push({ id: "1-1", attempt: 0, isTakenOver: false, isAlone: false });
  runner.pump();
  if (hasEnded) settling.abort();
  arrive({ deliveries: [{ id: "1-1", fields: [], attempt: 1 }], looked: 1 });

  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(expected);
  expect([...runner.fetching].map(({ id }) => id)).toEqual(hasEnded ? ["1-1"] : []);
});
