import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MessageContext } from "../../../runtime/index.js";
import { Waiting } from "../../../runtime/postgres/inbox/waiting.js";

const handling = new AbortController();
const context = { type: "user.created", entryId: "1-0", signal: handling.signal } as MessageContext;
const away = { code: "DATABASE_UNAVAILABLE" };

describe("a delivery that waits for its database", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("does not look for it again when the wait has ended in a pause", async () => {
    const work = vi.fn(() => Promise.reject(new Error("ECONNREFUSED")));
    const waited = new Waiting({ handlerTimeoutMs: 400 }).through(context, work);
    const refused = expect(waited).rejects.toMatchObject(away);
    await vi.advanceTimersByTimeAsync(300);
    await refused;
    const tries = work.mock.calls.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(tries);
  });

  test("does not begin once it has been cut off", async () => {
    const handler = vi.fn();
    const waited = new Waiting().through(context, async (begin) => {
      handling.abort();
      begin();
      handler();
    });
    await expect(waited).rejects.toMatchObject(away);
    expect(handler).not.toHaveBeenCalled();
  });
});
