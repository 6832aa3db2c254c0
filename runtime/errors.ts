/** Every code that an error of this package can carry. The list is closed: match on it, never on a text. */
export type ErrorCode =
  | "CONTRACT_VIOLATED"
  | "ENTRY_UNREADABLE"
  | "CONFIG_INVALID"
  | "HANDLER_CONFLICT"
  | "HANDLER_LATE"
  | "REDIS_UNAVAILABLE"
  | "REDIS_REFUSED"
  | "REDIS_UNSUPPORTED"
  | "PUBLISH_FAILED"
  | "PUBLISH_UNCERTAIN"
  | "PUBLISH_OVERLOADED"
  | "COMMAND_TIMEOUT"
  | "COMMAND_FAILED"
  | "COMMAND_ABORTED"
  | "COMMAND_UNKNOWN"
  | "HANDLER_TIMEOUT"
  | "POISONOUS"
  | "UNRECOVERABLE"
  | "RETRY_AFTER"
  | "DEAD_LETTER_MISSING"
  | "CLOSED";

/** What an error can be told beside its text. */
export interface MessagingErrorOptions {
  readonly cause?: unknown;
  readonly retryable?: boolean;
}

/** The one base class. Its text says where, what, and what to do. */
export class MessagingError extends Error {
  override readonly name: string = "MessagingError";
  readonly code: ErrorCode;
  /** Whether the same call may be repeated: it surely had no effect, and may succeed later. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options?: MessagingErrorOptions) {
    super(message, options && "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options?.retryable ?? false;
  }
}

/** One way in which a value breaks its contract. */
export interface Issue {
  /** Where, as one would write it in code: `after_data.roles[0].name`; empty for the message itself. */
  readonly path: string;
  /** What is wrong, as a sentence without its subject: `must be an email address, got "x"`. */
  readonly message: string;
}

/**
 * A message does not keep its contract. When publishing it is thrown before anything reaches Redis and names every
 * issue; when reading it names the first, and the entry becomes a dead letter.
 */
export class ContractError extends MessagingError {
  override readonly name = "ContractError";
  /** The message's type: `user.created`. */
  readonly type: string;
  readonly issues: readonly Issue[];
  /** Whether the message was read (`true`) or was to be written. */
  readonly reading: boolean;

  constructor(type: string, issues: readonly Issue[], reading = false) {
    super(
      "CONTRACT_VIOLATED",
      `${type} breaks its contract: ${issues.map((issue) => `${issue.path || "the message"} ${issue.message}`).join("; ")}`,
    );
    this.type = type;
    this.issues = issues;
    this.reading = reading;
  }
}

/** A stream entry is no message: its fields or its JSON cannot be read. It becomes a dead letter, whole. */
export class DecodeError extends MessagingError {
  override readonly name = "DecodeError";

  constructor(message: string, options?: MessagingErrorOptions) {
    super("ENTRY_UNREADABLE", message, options);
  }
}

/** Settings that cannot work together or at all; names every bad one. */
export class ConfigError extends MessagingError {
  override readonly name = "ConfigError";
  /** A line for each bad setting: its name, what is wrong, what would be right. */
  readonly problems: readonly string[];

  constructor(
    problems: readonly string[],
    code: "CONFIG_INVALID" | "HANDLER_CONFLICT" | "HANDLER_LATE" = "CONFIG_INVALID",
  ) {
    super(
      code,
      problems.length === 1
        ? (problems[0] as string)
        : `${problems.length} settings are wrong:\n- ${problems.join("\n- ")}`,
    );
    this.problems = problems;
  }
}

/** Redis cannot be reached (`REDIS_UNAVAILABLE`, retryable), refuses us (`REDIS_REFUSED`) or lacks what is needed. */
export class ConnectionError extends MessagingError {
  override readonly name = "ConnectionError";

  constructor(
    code: "REDIS_UNAVAILABLE" | "REDIS_REFUSED" | "REDIS_UNSUPPORTED",
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(code, message, { ...options, retryable: code === "REDIS_UNAVAILABLE" });
  }
}

/**
 * A publish did not succeed. `PUBLISH_FAILED` and `PUBLISH_OVERLOADED`: surely not stored. `PUBLISH_UNCERTAIN`: the
 * connection was lost between the request and its reply, so the message may be stored.
 */
export class PublishError extends MessagingError {
  override readonly name = "PublishError";
  /** The message's id: repeat under it with `{ id, once: true }`, and it is stored once. */
  readonly messageId: string | undefined;

  constructor(
    code: "PUBLISH_FAILED" | "PUBLISH_UNCERTAIN" | "PUBLISH_OVERLOADED",
    message: string,
    options: MessagingErrorOptions & { readonly messageId: string | undefined },
  ) {
    super(code, message, options);
    this.messageId = options.messageId;
  }
}

/** This messaging is closed, or closing, and takes nothing new. */
export class ClosedError extends MessagingError {
  override readonly name = "ClosedError";

  constructor(what: string) {
    super("CLOSED", `${what}: this messaging is closed; create another with createMessaging()`);
  }
}

/** A handler took longer than `handlerTimeoutSeconds`. The attempt counts as failed. */
export class HandlerTimeoutError extends MessagingError {
  override readonly name = "HandlerTimeoutError";

  constructor(type: string, limitMs: number) {
    super("HANDLER_TIMEOUT", `the handler of ${type} took longer than ${limitMs / 1000} s`, { retryable: true });
  }
}

/** A message was being handled whenever its process died, too often to be tried again. */
export class PoisonError extends MessagingError {
  override readonly name = "PoisonError";

  constructor(attempts: number) {
    super("POISONOUS", `its consumers died while they had it, ${attempts} times: it may be what kills them`);
  }
}

/**
 * Thrown by a handler for a message that no retry will help: it goes straight to the dead letters.
 *
 * @example
 * throw new UnrecoverableError("the company was deleted");
 */
export class UnrecoverableError extends MessagingError {
  override readonly name = "UnrecoverableError";

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("UNRECOVERABLE", message, options);
  }
}

/**
 * Thrown by a handler that knows when trying again makes sense. It counts as a failed attempt like any other. Seconds
 * that are no finite number leave the delay to the retry policy.
 *
 * @example
 * throw new RetryAfter(30, "the mail server asks for patience");
 */
export class RetryAfter extends MessagingError {
  override readonly name = "RetryAfter";
  readonly delayMs: number;

  constructor(seconds: number, message = `try again in ${seconds} s`, options?: { readonly cause?: unknown }) {
    super("RETRY_AFTER", message, { ...options, retryable: true });
    this.delayMs = Math.max(0, seconds * 1000);
  }
}

/** The command was answered with a failure: its handler threw, or it could not run. */
export class CommandFailedError extends MessagingError {
  override readonly name = "CommandFailedError";
  /** The code that the handler's error carried, if it had one. */
  readonly errorCode: string | undefined;

  constructor(type: string, target: string, error: string | undefined, errorCode: string | undefined) {
    super("COMMAND_FAILED", error ?? `${target} answered ${type} with a failure that it did not explain`);
    this.errorCode = errorCode;
  }
}

/** Nobody answered in time. The command may have run, or may still. */
export class CommandTimeoutError extends MessagingError {
  override readonly name = "CommandTimeoutError";

  constructor(type: string, target: string, timeoutMs: number) {
    super(
      "COMMAND_TIMEOUT",
      `${target} did not answer ${type} within ${timeoutMs / 1000} s: check that it runs and handles it, or give it longer with { timeoutSeconds }`,
    );
  }
}
