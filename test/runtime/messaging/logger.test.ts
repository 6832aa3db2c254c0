import { createRequire } from "node:module";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConnectionError, ContractError, DecodeError, MessagingError, PublishError } from "../../../runtime/errors.js";
import { consoleLogger, type Logger } from "../../../runtime/messaging/logger.js";
import { loggingHooks } from "../../../runtime/messaging/logging-hooks.js";
import { ownFrames } from "../../../runtime/messaging/stack.js";
import { systemClock } from "../../../runtime/time/clock.js";

describe("the default log", () => {
  afterEach(() => vi.restoreAllMocks());

  it("has the place of an error in the service's own code, in one line", () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((...parts) => void lines.push(parts.join(" ")));
    consoleLogger.warn({ service: "billing", err: failure() }, "a handler failed");
    expect(lines).toEqual([expect.stringMatching(/^\[messaging\] warning: a handler failed \{.*\}$/)]);
    const { err, at } = JSON.parse(lines[0]?.slice(lines[0].indexOf("{")) ?? "") as { err: string; at: string[] };
    expect(err).toBe("Error: no\nroom");
    expect(at[0]).toMatch(/^failure \(.*logger\.test\.ts:\d+:\d+\)$/);
    expect(at.join()).not.toContain("node_modules");
  });

  it.each<[string, unknown, string]>([
    ["what holds itself", circular(), "[Circular"],
    ["a bigint", 7n, "7n"],
    ["a symbol", Symbol("lost"), "Symbol(lost)"],
    [
      "what cannot be read",
      {
        get why(): never {
          throw new Error("no");
        },
      },
      "[Getter]",
    ],
    [
      "what cannot be written",
      {
        toJSON: () => {
          throw new Error("no");
        },
        why: "lost",
      },
      "lost",
    ],
    ["what has no prototype", Object.assign(Object.create(null), { why: 7n }), "7n"],
    ["an error whose text cannot be read", unreadable(), "of type object"],
    [
      "what nothing can show",
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("no");
          },
        },
      ),
      "",
    ],
  ])("has a line for whatever is thrown: %s", (_, thrown, text) => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
    const hooks = loggingHooks(consoleLogger, { service: "billing", prefix: "" }, systemClock);
    const place = { type: "user.created", stream: "events", group: "billing-workers", entryId: "1-0", attempt: 1 };
    const ids = { messageId: undefined, correlationId: undefined };
    hooks.handlerFailed?.({ ...place, ...ids, maxAttempts: 2, delayMs: 1, error: thrown });
    hooks.deadLettered?.({ ...place, ...ids, letterId: "2-0", error: thrown });
    hooks.trouble?.({ what: "reading", error: thrown });
    const note = (line: string): void => void lines.push(line);
    const textFirst = { log: note, info: note, warn: note, error: note };
    loggingHooks(textFirst as unknown as Logger, { service: "billing", prefix: "" }, systemClock).trouble?.({
      ...{ what: text, error: thrown },
    });
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toContain(text);
  });

  it("is one line that a terminal or a build shows as it is, whatever the texts are", () => {
    const hostile = fc.constantFrom(
      "\n",
      "\r",
      "\u001b[2J",
      "\u009b",
      "\u202e",
      "\u2028",
      "::warning::",
      "##[error]",
      "x",
    );
    const text = fc.array(hostile, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, text, (what, name, value) => {
        const lines: string[] = [];
        vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
        consoleLogger.warn({ [name]: value, err: new Error(value) }, what);
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/^\[messaging\] warning: /);
        expect(lines[0]).not.toMatch(/[\p{Cc}\u2028\u202e]|##\[/u);
        vi.restoreAllMocks();
      }),
    );
  });
});

describe("an error of ours", () => {
  const cause = new TypeError("the cause");
  const errors = [
    new MessagingError("PUBLISH_FAILED", "the text", { cause, retryable: true }),
    new ContractError("user.created", [{ path: "entity_id", message: "the text" }]),
    new ConnectionError("REDIS_REFUSED", "the text", { cause }),
    new PublishError("PUBLISH_UNCERTAIN", "the text", { messageId: "m1", cause }),
    new DecodeError("the text"),
  ];

  it.each(errors)("has its text, code, stack and fields in pino, JSON, console and inspect: %s", (error) => {
    const lines: string[] = [];
    const { pino } = createRequire(createRequire(import.meta.url).resolve("fastify"))("pino") as Pino;
    const hooks = loggingHooks(
      pino({}, { write: (line) => void lines.push(line) }),
      { service: "billing", prefix: "" },
      systemClock,
    );
    hooks.publishFailed?.({ type: "user.created", messageId: "m1", correlationId: undefined, error, reported: true });
    const { err, msg } = JSON.parse(lines.join("")) as { err: Record<string, unknown>; msg: string };
    expect(msg).toBe("a message was not published");
    // pino tells the class as the type.
    expect(err).toMatchObject({
      ...error,
      type: error.name,
      message: expect.stringContaining("the text"),
      stack: expect.any(String),
    });
    if (error.cause !== undefined) expect(lines.join("")).toContain("the cause");

    const json = JSON.parse(JSON.stringify({ error })) as { error: object };
    expect(json.error).toMatchObject({ ...error, message: error.message, stack: error.stack });
    for (const text of [inspect(error), inspect(json)]) {
      for (const part of [error.name, error.code, "the text", "logger.test.ts"]) expect(text).toContain(part);
    }
  });
});

interface Pino {
  pino(options: object, destination: { write(line: string): void }): Parameters<typeof loggingHooks>[0];
}

function circular(): object {
  const thrown: Record<string, unknown> = { why: 7 };
  thrown["self"] = thrown;
  return thrown;
}

function unreadable(): Error {
  const error = new Error("lost");
  const get = (): never => {
    throw new Error("no");
  };
  Object.defineProperty(error, "stack", { get });
  Object.defineProperty(error, "name", { get });
  return error;
}

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
