import { inspect } from "node:util";
import type { Append } from "../broker/append.js";
import type { FlatFields, Layout } from "../contract/codec.js";
import { keyed, keyedLayout } from "../contract/key.js";
import { MessagingError } from "../errors.js";
import type { HookBus, MessageIds } from "../messaging/hooks.js";
import type { Published } from "../messaging/publisher.js";
import { misuseOfKey } from "./key.js";
import type { Retention } from "./retention.js";

/** The stream to which messages of a type are published. */
export interface Destination {
  readonly type: string;
  readonly stream: string;
  readonly layout: Layout;
  readonly retention: Retention;
  /** Whether the key of a message chooses one of the stream's partitions. */
  readonly isKeyed: boolean;
  /** The retention of one of them. */
  readonly retentionOf: (partition: string) => Retention;
}

/** Tells the hooks of every publish. Nothing else does. */
export class PublishTeller {
  readonly #hooks: HookBus;
  readonly #reported: boolean;
  readonly #known = new WeakSet<MessagingError>();

  constructor(hooks: HookBus, reported: boolean) {
    this.#hooks = hooks;
    this.#reported = reported;
  }

  published(
    { type }: Pick<Destination, "type">,
    { messageId: id, correlationId, stream }: MessageIds & Pick<Append, "stream">,
    entryId: string,
  ): void {
    if (this.#hooks.wants("published")) this.#hooks.emit("published", { type, id, correlationId, stream, entryId });
    else this.#hooks.count("published");
  }

  /** Returns the error with which the publish rejects. */
  failed(type: string, thrown: unknown, { messageId, correlationId }: MessageIds): MessagingError {
    const isOurs = thrown instanceof MessagingError;
    const error = isOurs ? thrown : new MessagingError("PUBLISH_FAILED", textOf(thrown), { cause: thrown });
    this.#known.add(error);
    this.#hooks.emit("publishFailed", { type, messageId, correlationId, error, reported: this.#reported });
    return error;
  }

  /** Does nothing if the interceptor passed on an error that the hooks have been told. */
  interceptorFailed(
    type: string,
    ids: MessageIds,
    thrown: unknown,
    code: "PUBLISH_FAILED" | "PUBLISH_UNCERTAIN",
  ): void {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    if ([thrown, cause].some((error) => error instanceof MessagingError && this.#known.has(error))) return;
    this.failed(type, new MessagingError(code, `an interceptor threw: ${textOf(thrown)}`, { cause: thrown }), ids);
  }
}

/** One message under way. Methods instead of closures: there is one of these for each message. */
export class Sending implements Append {
  layout: Layout;
  stream: string;
  key: string | undefined = undefined;
  entry: FlatFields;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  announced: Append["announced"] = undefined;
  onceWindowMs: number | undefined = undefined;
  isReplicated = false;
  isWanted: Append["isWanted"] = undefined;
  readonly #destination: Destination;
  readonly #teller: PublishTeller;
  readonly #resolve: (published: Published) => void;
  readonly #reject: (error: MessagingError) => void;

  constructor(
    destination: Destination,
    entry: FlatFields,
    { messageId, correlationId }: MessageIds,
    teller: PublishTeller,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ) {
    this.layout = destination.layout;
    this.stream = destination.stream;
    this.entry = entry;
    this.messageId = messageId;
    this.correlationId = correlationId;
    this.#destination = destination;
    this.#teller = teller;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Takes the key that its publisher chose: it travels with the message, which is ordered by it. Returns what is wrong with it. */
  choose(key: string | undefined, maxBytes: number): MessagingError | undefined {
    if (key === undefined) return undefined;
    this.key = key;
    if (this.isKeyed) {
      this.entry = keyed(this.entry, key);
      this.layout = keyedLayout(this.layout);
    }
    return misuseOfKey(key, { type: this.#destination.type, entry: this.entry, maxBytes });
  }

  get isKeyed(): boolean {
    return this.#destination.isKeyed;
  }

  stored(entryId: string): void {
    const { messageId: id, stream } = this;
    const { stream: whole, retention, retentionOf } = this.#destination;
    (stream === whole ? retention : retentionOf(stream)).added();
    this.#teller.published(this.#destination, this, entryId);
    this.#resolve({ id, entryId, stream });
  }

  failed(error: MessagingError): void {
    this.#reject(this.#teller.failed(this.#destination.type, error, this));
  }
}

/** The ids of a message that may be anything. */
export function idsOf(message: unknown): MessageIds {
  const { id, correlation_id: correlationId } = (message ?? {}) as Readonly<Record<string, unknown>>;
  const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return { messageId: textOf(id), correlationId: textOf(correlationId) };
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown);
}
