import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { isLater } from "../broker/entry-id.js";
import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import type { Catalogue } from "../contract/catalogue.js";
import { type PlainMessage, typeOf } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import { ClosedError, DecodeError } from "../errors.js";
import { correlationOf, withCorrelation } from "../messaging/correlation.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import { channelOf, covers, type NotificationTarget, type Subscription, subscriptionOf } from "./channel.js";

/** What a listener is told beside the notification. */
export interface NotificationContext {
  /** The channel on which it was sent. */
  readonly channel: string;
  /** Its entry in the stream: from there on one can ask for what came later. `undefined` from Python services. */
  readonly entryId: string | undefined;
  /** Whether it was sent while nobody listened here, and taken from the stream afterwards. */
  readonly missed: boolean;
}

/** Called for each notification, at most once: what must not be missed belongs into a handler of the stream. */
export type NotificationListener<Message = PlainMessage> = (message: Message, context: NotificationContext) => unknown;

/** What a subscription is to make up for. */
export interface ListenOptions {
  /** Deliver first what the stream holds after this entry: a browser's `Last-Event-ID`. Implies `catchUp`. */
  readonly since?: string;
  /** After a reconnect, deliver what was sent meanwhile, as far as the stream still holds it. @defaultValue false */
  readonly catchUp?: boolean;
}

/** A subscription as it stands. */
export interface Listening extends AsyncDisposable {
  /** Ends it. */
  close(): Promise<void>;
}

interface Listener {
  readonly subscription: Subscription;
  readonly receive: NotificationListener;
  /** After which entry to look for what was missed; `undefined` when nobody asked for it. */
  position: string | undefined;
  /** How many reads of what was missed are wanted or under way: while there are any, live ones wait. */
  holds: number;
  readonly held: (() => void)[];
  /** The last of those reads: they come one after another. */
  catchingUp: Promise<void>;
  /** What was delivered since the position, so that it is not delivered again from the stream. */
  readonly seen: Set<string>;
}

const PAGE = 200;
const ADVANCE_EVERY_MS = 5000;
const RETRY_MS = 100;
const MOST_SEEN = 10_000;
const ENTRY_ID = /^\d+-\d+$/;

/** Delivers notifications as they are sent, to any number of subscriptions over one connection. */
export class NotificationHub {
  readonly #config: Config;
  readonly #stream: string;
  readonly #contracts: ReadonlyMap<string, Contract>;
  readonly #connection: Connection;
  readonly #reading: Connection;
  readonly #hooks: HookBus;
  readonly #listeners = new Set<Listener>();
  #attached = false;
  #ticking: NodeJS.Timeout | undefined;
  #reached: string | undefined;

  constructor(config: Config, catalogue: Catalogue, connection: Connection, reading: Connection, hooks: HookBus) {
    this.#config = config;
    const notifications = catalogue.messages.filter(({ kind }) => kind === "notification");
    this.#stream = prefixed(config, notifications[0]?.stream ?? "notifications");
    this.#contracts = new Map(notifications.map((descriptor) => [descriptor.type, contractOf(descriptor)]));
    this.#connection = connection;
    this.#reading = reading;
    this.#hooks = hooks;
  }

  async listen(target: NotificationTarget, receive: NotificationListener, options: ListenOptions): Promise<Listening> {
    const subscription = subscriptionOf(this.#config, target);
    const { since, catchUp = since !== undefined } = options;
    if (since !== undefined && !ENTRY_ID.test(since)) throw new DecodeError(`"${since}" is no entry id to go on from`);
    const client = await this.#connection.ready();
    this.#attach(client);
    const position = since ?? (catchUp ? await this.#lastEntry() : undefined);
    const listener: Listener = {
      subscription,
      receive,
      position,
      holds: since === undefined ? 0 : 1,
      held: [],
      catchingUp: Promise.resolve(),
      seen: new Set(),
    };
    this.#listeners.add(listener);
    this.#ticking ??= setInterval(() => void this.#advance(), ADVANCE_EVERY_MS).unref();
    await this.#subscribe(client, subscription);
    // Only once it is subscribed: what comes while the stream is read is then held, not missed.
    if (since !== undefined) await this.#catchUp(listener);
    const close = (): Promise<void> => this.#end(listener);
    return { close, [Symbol.asyncDispose]: close };
  }

  /** To be called when the connection is there again. */
  async recover(): Promise<void> {
    this.#reached = undefined;
    // At once: the driver subscribes again by itself, and a live one would move the position past what was missed.
    const behind = [...this.#listeners].filter(({ position }) => position !== undefined);
    for (const listener of behind) listener.holds++;
    try {
      const client = await this.#connection.ready();
      for (const { subscription } of this.#listeners) await this.#subscribe(client, subscription);
    } finally {
      // Also when the connection was lost again: its next recovery then reads what this one could not.
      await Promise.all(behind.map((listener) => this.#catchUp(listener)));
    }
  }

  async #end(listener: Listener): Promise<void> {
    if (!this.#listeners.delete(listener)) return;
    const { name, isPattern } = listener.subscription;
    const shared = [...this.#listeners].some(({ subscription }) => subscription.name === name);
    if (shared || !this.#connection.isReady) return;
    const { client } = this.#connection;
    await (isPattern ? client.punsubscribe(name) : client.unsubscribe(name)).catch(() => {});
  }

  #attach(client: Redis): void {
    if (this.#attached) return;
    this.#attached = true;
    client.on("message", (channel: string, payload: string) => this.#sent(channel, channel, payload));
    client.on("pmessage", (pattern: string, channel: string, payload: string) => this.#sent(pattern, channel, payload));
  }

  async #subscribe(client: Redis, { name, isPattern }: Subscription): Promise<void> {
    if (isPattern) await client.psubscribe(name);
    else await client.subscribe(name);
  }

  #sent(name: string, channel: string, payload: string): void {
    const listeners = [...this.#listeners].filter(({ subscription }) => subscription.name === name);
    if (listeners.length === 0) return;
    try {
      const { type, entryId } = labelsOfPayload(payload);
      const contract = this.#contracts.get(type);
      if (contract === undefined) {
        this.#hooks.count("skipped");
        return;
      }
      const { entry_id: _, ...message } = contract.readPayload(payload);
      for (const listener of listeners) {
        const deliver = (): void => this.#deliver(listener, message, { channel, entryId, missed: false });
        if (listener.holds === 0) deliver();
        else listener.held.push(deliver);
      }
    } catch (error) {
      this.#hooks.emit("trouble", { what: `reading a notification on ${channel}`, error });
    }
  }

  #deliver(listener: Listener, message: PlainMessage, context: NotificationContext): void {
    if (!this.#listeners.has(listener) || isExpired(message)) return;
    const id = message["id"] as string | undefined;
    const { entryId } = context;
    if (entryId !== undefined && listener.position !== undefined && isLater(entryId, listener.position)) {
      listener.position = entryId;
    }
    if (listener.position !== undefined && id !== undefined) {
      if (listener.seen.has(id)) return;
      listener.seen.add(id);
      if (listener.seen.size > MOST_SEEN) listener.seen.delete(listener.seen.values().next().value as string);
    }
    const correlation = correlationOf("notification", message);
    const received = (async () => withCorrelation(correlation, () => listener.receive(message, context)))();
    received.catch((error: unknown) => {
      this.#hooks.emit("trouble", { what: `handling a notification on ${context.channel}`, error });
    });
  }

  /** Releases the hold that its caller took, after what was missed. */
  #catchUp(listener: Listener): Promise<void> {
    listener.catchingUp = listener.catchingUp.then(async () => {
      await this.#readMissed(listener);
      listener.holds--;
      if (listener.holds === 0) for (const deliver of listener.held.splice(0)) deliver();
    });
    return listener.catchingUp;
  }

  /** Goes on for as long as Redis is away: giving up would lose to the screen what it asked to be told. */
  async #readMissed(listener: Listener): Promise<void> {
    while (this.#listeners.has(listener)) {
      try {
        const client = await this.#reading.ready();
        const page = await client.xrange(this.#stream, `(${listener.position}`, "+", "COUNT", PAGE);
        for (const [entryId, fields] of page) {
          listener.position = entryId;
          this.#deliverMissed(listener, entryId, fields);
        }
        if (page.length < PAGE) return;
      } catch (error) {
        this.#hooks.emit("trouble", { what: "reading the notifications that were missed", error });
        if (error instanceof ClosedError || (error as Error).name === "ReplyError") return;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  #deliverMissed(listener: Listener, entryId: string, fields: string[]): void {
    const contract = this.#contracts.get(typeOf(fields) ?? "");
    if (contract === undefined) return;
    try {
      const message = contract.read(fields);
      const channel = channelOf(this.#config, message);
      if (covers(listener.subscription, channel)) this.#deliver(listener, message, { channel, entryId, missed: true });
    } catch (error) {
      this.#hooks.emit("trouble", { what: `reading the notification ${entryId}`, error });
    }
  }

  /**
   * Moves every position on, so that a reconnect need not read the whole day. To where the stream ended one look ago:
   * what was added since may still be on its way.
   */
  async #advance(): Promise<void> {
    if (!this.#connection.isReady || !this.#reading.isReady) return;
    try {
      const reached = this.#reached;
      this.#reached = await this.#lastEntry();
      // Its answer comes after whatever was sent before it. On a dead link there is none: then nothing was heard.
      await this.#connection.client.ping();
      for (const listener of this.#listeners) {
        if (listener.position === undefined || listener.holds > 0 || reached === undefined) continue;
        if (isLater(reached, listener.position)) listener.position = reached;
      }
    } catch {
      this.#reached = undefined;
    }
  }

  /** Ends every subscription. */
  close(): void {
    clearInterval(this.#ticking);
    this.#listeners.clear();
  }

  async #lastEntry(): Promise<string> {
    const client = await this.#reading.ready();
    const [last] = await client.xrevrange(this.#stream, "+", "-", "COUNT", 1);
    return last?.[0] ?? "0-0";
  }
}

function labelsOfPayload(payload: string): { type: string; entryId: string | undefined } {
  let parsed: Record<string, unknown> | null;
  try {
    parsed = JSON.parse(payload) as Record<string, unknown> | null;
  } catch (cause) {
    throw new DecodeError(`a notification holds no JSON (${payload.length} characters)`, { cause });
  }
  const entryId = parsed?.["entry_id"];
  return {
    type: String(parsed?.["notification_type"] ?? ""),
    entryId: typeof entryId === "string" ? entryId : undefined,
  };
}

function isExpired(message: PlainMessage): boolean {
  const expires = message["expires_at"];
  return typeof expires === "string" && Date.parse(expires) <= Date.now();
}
