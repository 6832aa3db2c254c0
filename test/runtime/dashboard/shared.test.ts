import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Shared } from "../../../runtime/dashboard/shared.js";

it.each([
  ["is shown again for longer than it took", false, 1],
  ["is made again if something was out of reach, however long it was waited for", true, 2],
])("a reading %s", async (_what, isPart, readings) => {
  let count = 0;
  const read = async (): Promise<number> => {
    await sleep(500);
    return ++count;
  };
  const shared = new Shared(read, 1, () => isPart);
  expect(await Promise.all([shared.get(), shared.get()])).toEqual([1, 1]);
  await sleep(50);
  expect(await shared.get()).toBe(readings);
});
