import { expect, it } from "vitest";
import { HeldRetries } from "../../../runtime/consume/held-retries.js";

const CALL = { at: 1, type: undefined, id: undefined };

/** Lets promises that are resolved tell so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it("an entry that waits anew is called for also after its earlier wait has ended", async () => {
  const retries = new HeldRetries();
  const begun: string[] = [];
  const earlier = retries.hold("1-1", "user.created");
  const later = retries.hold("1-1", "user.created");
  void later.called.then(() => begun.push("later"));
  earlier.end();
  retries.hear([CALL], () => false);
  await settled();
  expect(begun).toEqual(["later"]);
});

it("a wait that has ended is over at once", async () => {
  const retries = new HeldRetries();
  const { called, end } = retries.hold("1-1", undefined);
  end();
  await expect(called).resolves.toBeUndefined();
});
