/** The codes of this package's errors. The list is closed: match on the code, never on the text. */
export type ErrorCode =
  | "CONTRACT_VIOLATED"
  | "MESSAGE_TOO_LARGE"
  | "ENTRY_UNREADABLE"
  | "UPCAST_FAILED"
  | "CIPHERTEXT_INVALID"
  | "KEY_MISSING"
  | "KEY_UNKNOWN"
  | "KEY_INVALID"
  | "KEY_UNAVAILABLE"
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
  | "BURIED"
  | "ENTRY_SETTLED"
  | "UNRECOVERABLE"
  | "RETRY_AFTER"
  | "DEAD_LETTER_MISSING"
  | "REPLAY_FAILED"
  | "GROUP_MISSING"
  | "GROUP_IN_USE"
  | "TRANSACTION_FAILED"
  | "DATABASE_UNAVAILABLE"
  | "SAGA_MISSING"
  | "CLOSED"
  | "TEST_UNSETTLED"
  | "TEST_ENDLESS";

interface MessagingErrorOptions extends ErrorOptions {
  readonly retryable?: boolean;
}

/** The base class of every error. The text tells the place, the problem and the remedy. */
export class MessagingError extends Error {
  override readonly name: string = "MessagingError";
  readonly code: ErrorCode;
  /** True if the same call may be repeated: it certainly had no effect, and may succeed later. */
  readonly retryable: boolean;
  constructor(code: ErrorCode, message: string, options?: MessagingErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = options?.retryable ?? false;
  }
  /** For loggers that write an error as JSON, which has neither the text nor the stack of other errors. */
  toJSON(): object {
    const { message, stack } = this;
    return { ...this, message, stack };
  }
}

/** A violation of a contract. */
export interface Issue {
  /** The path as written in code: `after_data.roles[0].name`; empty for the message itself. */
  readonly path: string;
  /** The violation, as a sentence without its subject: `must be an email address, got "x"`. */
  readonly message: string;
}

/** A text tells no more issues than these. */
const MOST_TOLD = 20;

/** The issues of a message as a sentence of bounded length. */
export function describeIssues(issues: readonly Issue[], what: string): string {
  const told = issues.slice(0, MOST_TOLD).map(({ path, message }) => `${path || what} ${message}`);
  return [...told, ...(issues.length > MOST_TOLD ? [`${issues.length - MOST_TOLD} more`] : [])].join("; ");
}

/**
 * A message breaks its contract. When publishing, this is thrown before anything reaches Redis, with every issue. When
 * reading, it has the first issue only, and the entry becomes a dead letter.
 */
export class ContractError extends MessagingError {
  override readonly name = "ContractError";
  /** The message's type: `user.created`. */
  readonly type: string;
  readonly issues: readonly Issue[];
  /** `true` for a message that was read, `false` for one that was to be written. */
  readonly reading: boolean;
  constructor(type: string, issues: readonly Issue[], reading = false) {
    super("CONTRACT_VIOLATED", `${type} breaks its contract: ${describeIssues(issues, "the message")}`);
    this.type = type;
    this.issues = issues;
    this.reading = reading;
  }
}

const ADVICE = "store its content elsewhere and send a reference to it, or raise that setting in every service";

/**
 * A message is larger than `maxMessageBytes`. When publishing, this is thrown before anything reaches Redis. An answer of
 * that size is replaced by a failure with this code. When reading, the entry is not read whole: it stays in its stream, and
 * its dead letter refers to it.
 * @example
 * try {
 *   await messaging.publish(orderPlaced, { entity_id: 7, after_data: { total: 7 } });
 * } catch (error) {
 *   if (error instanceof MessageTooLargeError) console.warn(`${error.bytes} bytes: publish a link to the file instead`);
 * }
 */
export class MessageTooLargeError extends MessagingError {
  override readonly name = "MessageTooLargeError";
  /** The size of the encoded entry. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** @param what - names the message: its type @param advice - says what to do */
  constructor(what: string, bytes: number, maxBytes: number, advice: string = ADVICE) {
    super("MESSAGE_TOO_LARGE", `${what} has ${bytes} bytes, and MESSAGE_MAX_BYTES is ${maxBytes}: ${advice}`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }

  /** The same error with another name for the message. */
  of(what: string): MessageTooLargeError {
    return new MessageTooLargeError(what, this.bytes, this.maxBytes);
  }
}

/** A stream entry cannot be decoded as a message. The whole entry becomes a dead letter. */
export class DecodeError extends MessagingError {
  override readonly name = "DecodeError";
  constructor(message: string, options?: MessagingErrorOptions) {
    super("ENTRY_UNREADABLE", message, options);
  }
}

/**
 * A message of an old type cannot be upcast: its upcaster threw, or gave what breaks the contract of the new type. A
 * repeat would end the same way, so the entry becomes a dead letter at once. Correct the upcaster, deploy, and redrive it.
 */
export class UpcastError extends MessagingError {
  override readonly name = "UpcastError";
  /** The type of the message, and the one that it was to become. */
  readonly from: string;
  readonly to: string;
  /** What the upcaster did, as a sentence without its subject. */
  readonly why: string;
  constructor(from: string, to: string, why: string, cause?: unknown) {
    super("UPCAST_FAILED", `${from} cannot be upcast to ${to}: its upcaster ${why}`, { cause });
    this.from = from;
    this.to = to;
    this.why = why;
  }
}

/**
 * A value cannot be encrypted or read. This service has no keys (`KEY_MISSING`), or not that one (`KEY_UNKNOWN`); a key is
 * too short or of another environment (`KEY_INVALID`), or cannot be fetched now (`KEY_UNAVAILABLE`, which is retried); what
 * should be a ciphertext is none, was changed, or belongs elsewhere (`CIPHERTEXT_INVALID`). The text repeats no value.
 */
export class EncryptionError extends MessagingError {
  override readonly name = "EncryptionError";
  /** `true` for a message that was read, `false` for one that was to be written. */
  readonly reading: boolean;
  constructor(
    code: "CIPHERTEXT_INVALID" | Extract<ErrorCode, `KEY_${string}`>,
    message: string,
    options: ErrorOptions & { readonly reading?: boolean } = {},
  ) {
    super(code, message, { ...options, retryable: code === "KEY_UNAVAILABLE" });
    this.reading = options.reading ?? false;
  }
}

/** Settings are invalid, alone or together. The error names every one. */
export class ConfigError extends MessagingError {
  override readonly name = "ConfigError";
  /** A line for each bad setting: its name, its fault, and the values that are allowed. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const heading = problems.length === 1 ? "" : `${problems.length} settings are wrong:\n- `;
    super("CONFIG_INVALID", heading + problems.join("\n- "));
    this.problems = problems;
  }
}

/**
 * A call comes at the wrong time: a handler after `start()` (`HANDLER_LATE`), a second handler (`HANDLER_CONFLICT`),
 * `initMessaging()` twice, or `getMessaging()` without it (`CONFIG_INVALID`). Change the program, not its settings.
 */
export class UsageError extends MessagingError {
  override readonly name = "UsageError";
  constructor(code: "CONFIG_INVALID" | "HANDLER_CONFLICT" | "HANDLER_LATE", message: string) {
    super(code, message);
  }
}

/**
 * Redis cannot be reached or cannot do its work now (`REDIS_UNAVAILABLE`, retryable), refuses the service or a command
 * (`REDIS_REFUSED`), or is too old (`REDIS_UNSUPPORTED`).
 */
export class ConnectionError extends MessagingError {
  override readonly name = "ConnectionError";
  constructor(code: Extract<ErrorCode, `REDIS_${string}`>, message: string, options?: ErrorOptions) {
    super(code, message, { ...options, retryable: code === "REDIS_UNAVAILABLE" });
  }
}

/**
 * A publish failed. With `PUBLISH_FAILED` and `PUBLISH_OVERLOADED` the message is certainly not stored. With
 * `PUBLISH_UNCERTAIN` the connection was lost before the reply, so the message may be stored.
 */
export class PublishError extends MessagingError {
  override readonly name = "PublishError";
  /** The message's id. A repeat with `{ id, once: true }` stores the message once. */
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

/** This messaging is closed or closing, and accepts no new calls. */
export class ClosedError extends MessagingError {
  override readonly name = "ClosedError";
  constructor(call: string) {
    super("CLOSED", `${call}: this messaging is closed; create another with createMessaging()`);
  }
}

/** A handler took longer than `handlerTimeoutSeconds`. The attempt counts as failed. */
export class HandlerTimeoutError extends MessagingError {
  override readonly name = "HandlerTimeoutError";
  constructor(type: string, limitMs: number) {
    super("HANDLER_TIMEOUT", `the handler of ${type} took longer than ${limitMs / 1000} s`, { retryable: true });
  }
}

/** Too many processes died while they handled the message, so it is not retried. */
export class PoisonError extends MessagingError {
  override readonly name = "PoisonError";
  constructor(attempts: number) {
    super(
      "POISONOUS",
      `its consumer died or was closed while handling it; ${attempts} attempts were begun: the message may end the process`,
    );
  }
}

/** An operator moved the message to the dead letters while its handler ran, which is not waited for any longer. */
export class BuriedError extends MessagingError {
  override readonly name = "BuriedError";
  constructor() {
    super("BURIED", "an operator moved the message to the dead letters; its handler is not waited for");
  }
}

/**
 * Thrown by a handler if retrying a message cannot help. The message becomes a dead letter at once.
 * @example
 * throw new UnrecoverableError("the company was deleted");
 */
export class UnrecoverableError extends MessagingError {
  override readonly name = "UnrecoverableError";
  constructor(message: string, options?: ErrorOptions) {
    super("UNRECOVERABLE", message, options);
  }
}

/**
 * Thrown by a handler to set the delay of the retry. The attempt counts as failed. Seconds that are no finite number
 * leave the delay to the retry policy.
 * @example
 * throw new RetryAfter(30, "the mail server limits the rate");
 */
export class RetryAfter extends MessagingError {
  override readonly name = "RetryAfter";
  readonly delayMs: number;
  constructor(seconds: number, message = `retry in ${seconds} s`, options?: ErrorOptions) {
    super("RETRY_AFTER", message, { ...options, retryable: true });
    this.delayMs = Math.max(0, seconds * 1000);
  }
}

/** The command was answered with a failure: its handler threw, or did not run. */
export class CommandFailedError extends MessagingError {
  override readonly name = "CommandFailedError";
  /** The code of the handler's error, if it has one. */
  readonly errorCode: string | undefined;
  constructor(type: string, target: string, error: string | undefined, errorCode: string | undefined) {
    super("COMMAND_FAILED", error ?? `${target} answered ${type} with a failure and gave no reason`);
    this.errorCode = errorCode;
  }
}

/** No answer came in time. The command may have run, or may still run. */
export class CommandTimeoutError extends MessagingError {
  override readonly name = "CommandTimeoutError";
  /** @param cause - why no answer can arrive now, if that is known */
  constructor(type: string, target: string, timeoutMs: number, cause?: MessagingError) {
    const advice = cause?.message ?? "check that it is running and handles the command, or raise { timeoutSeconds }";
    super("COMMAND_TIMEOUT", `${target} did not answer ${type} within ${timeoutMs / 1000} s: ${advice}`, { cause });
  }
}
