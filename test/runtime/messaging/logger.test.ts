import { afterEach, describe, expect, it, vi } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { consoleLogger, loggingHooks } from "../../../runtime/messaging/logger.js";
import { ownFrames } from "../../../runtime/messaging/stack.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { createService, logBook } from "../../support/service.js";

describe("the default log", () => {
  afterEach(() => vi.restoreAllMocks());

  it("has the place of an error in the service's own code, in one line", () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((...parts) => void lines.push(parts.join(" ")));
    consoleLogger.warn({ service: "billing", error: failure() }, "a handler failed");
    expect(lines).toEqual([expect.stringMatching(/^\[messaging\] warning: a handler failed \{.*\}$/)]);
    const { error, at } = JSON.parse(lines[0]?.slice(lines[0].indexOf("{")) ?? "") as { error: string; at: string[] };
    expect(error).toBe("Error: no\nroom");
    expect(at[0]).toMatch(/^failure \(.*logger\.test\.ts:\d+:\d+\)$/);
    expect(at.join()).not.toContain("node_modules");
  });

  it("says when a failed message is tried again", async () => {
    await using redis = await startRedis();
    const logger = logBook();
    await using messaging = createService(redis, { logger, retryDelaySeconds: 60, maxRetries: 1 });
    onUserCreated(messaging, () => {
      throw failure();
    });
    await messaging.start();
    const before = Date.now();
    await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
    await eventually(() => messaging.counts.retried === 1);
    const [details] = logger.lines.filter(({ text }) => text === "it is tried again").map((line) => line.details);
    const { nextAttemptAt, ...place } = details as { readonly nextAttemptAt: string };
    expect(place).toMatchObject({ type: "user.created", stream: "events", attempt: 1, entryId: expect.any(String) });
    // Jitter shortens the delay to no less than half.
    expect(Date.parse(nextAttemptAt)).toBeGreaterThan(before + 29_000);
    expect(Date.parse(nextAttemptAt)).toBeLessThan(Date.now() + 60_001);
  });
});

describe("the log of what failed", () => {
  it("has the same trouble once in half a minute, and of a flood of different ones a hundred lines", () => {
    let now = 0;
    const logger = logBook();
    const hooks = loggingHooks(logger, "billing", { ...systemClock, now: () => now });
    const tell = (): void => {
      for (let at = 0; at < 300; at++) {
        hooks.trouble?.({ what: "reading", error: new Error("the same") });
        hooks.trouble?.({ what: `reading ${at}`, error: new Error("junk") });
      }
    };
    tell();
    expect(logger.lines.filter(({ text }) => text.startsWith("reading failed"))).toHaveLength(1);
    expect(logger.lines).toHaveLength(100);
    now = 30_000;
    tell();
    expect(logger.lines).toHaveLength(200);
  });
});

function failure(): Error {
  return new Error("no\nroom");
}

describe("the frames of a stack", () => {
  const error = (...frames: readonly string[]): Error =>
    Object.assign(new Error("x"), { stack: ["Error: x", ...frames.map((frame) => `    at ${frame}`)].join("\n") });

  it("are the service's own, and those of packages only where there are no others", () => {
    const driver = "Parser (/app/node_modules/pg/index.js:1:1)";
    const queue = "process.processTicksAndRejections (node:internal/process/task_queues:95:5)";
    expect(ownFrames(error(driver, "save (/app/src/save.ts:3:9)", queue))).toEqual(["save (/app/src/save.ts:3:9)"]);
    expect(ownFrames(error(driver, queue))).toEqual([driver, queue]);
    expect(ownFrames(error(...Array.from({ length: 9 }, (_, at) => `/app/${at}.ts:1:1`)))).toHaveLength(5);
    expect(ownFrames(error())).toEqual([]);
  });
});
