import { randomBytes } from "node:crypto";
import type { Catalogue } from "./catalogue.js";
import type { NotificationTarget } from "./channel.js";
import { type Config, readConfig, type Settings } from "./config.js";
import type { Connection } from "./connection.js";
import { ConnectionPool } from "./connection-pool.js";
import { StreamConsumer } from "./consumer.js";
import type { CommandDescriptor, Descriptor } from "./descriptor.js";
import { Dispatcher } from "./dispatcher.js";
import { EntryAppender } from "./entry-appender.js";
import { ClosedError, ConfigError, ConnectionError, MessagingError } from "./errors.js";
import type { CommandHandler, CommandOptions, Handler, HandlerOptions } from "./handler.js";
import { examine, type Health } from "./health.js";
import { Heartbeat } from "./heartbeat.js";
import { type Counts, HookBus, type Hooks } from "./hooks.js";
import { prefixed, redriveKeys, type StreamKeys, streamKeys } from "./keys.js";
import { Lifecycle } from "./lifecycle.js";
import { type Listening, type ListenOptions, NotificationHub, type NotificationListener } from "./listener.js";
import { consoleLogger, type Logger, loggingHooks } from "./logger.js";
import type {
  Messaging,
  PublishAllOptions,
  Published,
  PublishOptions,
  SendOptions,
  StartOptions,
  TellOptions,
} from "./messaging.js";
import { MessagePublisher } from "./publisher.js";
import { Requester } from "./requester.js";
import { assertSupported, evictionPolicy } from "./requirement.js";
import { CommandResponder } from "./responder.js";
import { Retention } from "./retention.js";
import { Router, type StreamRoutes } from "./router.js";
import type { Environment } from "./setting.js";

/** How a messaging is created. Whatever is left out comes from the environment, then from the default. */
export interface MessagingOptions extends Settings {
  /** Called on what happens: what metrics hang on. */
  readonly hooks?: Hooks;
  /** @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
  /**
   * Whether a failed publish rejects, or is logged, counted, reported to the hook `publishFailed`, and resolves to
   * `undefined`: so that a business operation does not fail because messaging does.
   * @defaultValue "throw"
   */
  readonly onPublishFailure?: "throw" | "report";
  /** Where settings are read from. @defaultValue process.env */
  readonly env?: Environment;
}

type Message = Record<string, unknown>;

/** The messaging of one service, over its catalogue. */
export class ServiceMessaging<Events extends object> implements Messaging<Events, Published | undefined> {
  readonly catalogue: Catalogue<Events>;
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #router: Router;
  readonly #reports: boolean;
  readonly #replyChannel: string | undefined;
  readonly #instance: string;
  readonly #pool: ConnectionPool;
  readonly #appender: EntryAppender;
  readonly #publisher: MessagePublisher;
  readonly #retentions = new Map<string, Retention>();
  readonly #lifecycle: Lifecycle;
  #requester: Requester | undefined;
  #hub: NotificationHub | undefined;
  #consumers: StreamConsumer[] = [];
  #handling = new AbortController();
  #heartbeat: Heartbeat | undefined;
  #starting: Promise<void> | undefined;
  #startup = new AbortController();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(catalogue: Catalogue<Events>, options: MessagingOptions) {
    this.catalogue = catalogue;
    this.#config = readConfig(options, catalogue.encoding, options.env ?? process.env);
    const logging = loggingHooks(options.logger ?? consoleLogger, this.#config.service);
    this.#hooks = new HookBus(logging, options.hooks ?? {});
    this.#router = new Router(catalogue);
    this.#replyChannel = options.replyChannel;
    this.#reports = options.onPublishFailure === "report";
    this.#instance = `${process.pid}-${randomBytes(4).toString("hex")}`;
    this.#pool = new ConnectionPool(this.#config, this.#hooks);
    this.#pool.get("settle").onReady(() => {
      for (const consumer of this.#consumers) consumer.reconnected();
    });
    this.#appender = new EntryAppender(this.#pool.get("publish"));
    const retentionOf = (stream: string): Retention =>
      this.#retentions.get(stream) ?? this.#retention(streamKeys(stream, this.#config.group));
    const parts = { appender: this.#appender, retentionOf, reports: this.#reports };
    this.#publisher = new MessagePublisher(this.#config, parts, this.#hooks);
    this.#lifecycle = this.#createLifecycle();
  }

  #createLifecycle(): Lifecycle {
    const source = {
      instance: this.#instance,
      publish: (descriptor: Descriptor, message: Message, options?: PublishOptions) =>
        this.#publisher.publish(descriptor, message, options),
      health: () => this.health(),
    };
    return new Lifecycle(this.#config, this.catalogue, source, this.#hooks);
  }

  get service(): string {
    return this.#config.service;
  }

  get counts(): Counts {
    return this.#hooks.counts;
  }

  publish(descriptor: Descriptor, message: unknown, options?: PublishOptions): Promise<Published | undefined> {
    try {
      this.#assertOpen("publish");
      const published = this.#publisher.publish(descriptor, message as Message, options);
      return this.#reports ? published.catch((thrown) => this.#report(descriptor, thrown)) : published;
    } catch (thrown) {
      if (this.#reports) return Promise.resolve(this.#report(descriptor, thrown));
      this.#hooks.count("publishFailed");
      return Promise.reject(thrown instanceof MessagingError ? thrown : asMessagingError(thrown));
    }
  }

  async publishAll(
    descriptor: Descriptor,
    messages: readonly unknown[],
    options?: PublishAllOptions,
  ): Promise<Published[]> {
    this.#assertOpen("publish");
    return this.#publisher.publishAll(descriptor, messages as readonly Message[], options);
  }

  /** Says what failed, for a caller who is not to be bothered with it. */
  #report(descriptor: Descriptor, thrown: unknown): undefined {
    const error = thrown instanceof MessagingError ? thrown : asMessagingError(thrown);
    this.#hooks.emit("publishFailed", { type: descriptor.type, error });
    return undefined;
  }

  async send<Payload, Result>(
    descriptor: CommandDescriptor<unknown, Payload, Result>,
    payload: NoInfer<Payload>,
    options: SendOptions = {},
  ): Promise<Result> {
    this.#assertOpen("send");
    const requester = this.#listening();
    await requester.listen();
    const id = crypto.randomUUID();
    const given = defined({
      payload,
      target_service: options.targetService,
      timeout: options.timeoutSeconds,
      reply_to: requester.channel,
    });
    const { target, timeoutMs } = commandDefaults(descriptor, options);
    const question = {
      id,
      descriptor: descriptor as unknown as CommandDescriptor<unknown, never, unknown>,
      target,
      stream: prefixed(this.#config, descriptor.stream),
      timeoutMs,
      signal: options.signal,
    };
    const { correlationId, withoutCompany = false } = options;
    const publishing = { id, withoutCompany, ...(correlationId === undefined ? {} : { correlationId }) };
    const sent = (): Promise<unknown> => this.#publisher.publish(descriptor as Descriptor, given, publishing);
    return (await requester.ask(question, sent)) as Result;
  }

  async listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options: ListenOptions = {},
  ): Promise<Listening> {
    this.#assertOpen("listen");
    return this.#notifications().listen(target, listener as NotificationListener, options);
  }

  async tell<Payload>(
    descriptor: CommandDescriptor<unknown, Payload>,
    payload: NoInfer<Payload>,
    { targetService, ...options }: TellOptions = {},
  ): Promise<Published> {
    this.#assertOpen("tell");
    const given = defined({ payload, target_service: targetService });
    return this.#publisher.publish(descriptor as unknown as Descriptor, given, options);
  }

  async health(): Promise<Health> {
    const { version, group, redis } = this.#config;
    const own = this.#consumers.filter(({ keys }) => keys.stream !== keys.redrive);
    const patients = own.map(({ keys, loop }) => ({ keys, group, loop }));
    const connection = this.#pool.get(this.#starting !== undefined ? "settle" : "publish");
    const { streams, ...found } = await examine(connection, patients, redis.connectionTimeoutMs);
    const stuck = patients.some(({ loop }) => loop === "stuck");
    const status = !found.connected || stuck ? "unhealthy" : this.#starting !== undefined ? "healthy" : "unknown";
    const uptime = Math.round(process.uptime() * 1000) / 1000;
    return { status, uptime_seconds: uptime, version, details: { redis: found, streams, counts: this.counts } };
  }

  on(target: Descriptor | string, handler: Handler<never>, options?: HandlerOptions<never>): void {
    this.#assertNotStarted(typeof target === "string" ? target : target.type);
    this.#router.add(target, handler, options);
  }

  handle<Message, Result>(
    descriptor: CommandDescriptor<Message, never, Result>,
    handler: CommandHandler<NoInfer<Message>, NoInfer<Result>>,
    options: CommandOptions = {},
  ): void {
    this.#assertNotStarted(descriptor.type);
    const route = handler as CommandHandler<never, unknown>;
    this.#router.add(descriptor as unknown as Descriptor, route, { ...options, target_service: this.service });
  }

  start(options: StartOptions = {}): Promise<void> {
    if (this.#closed) return Promise.reject(new ClosedError("cannot start"));
    this.#starting ??= this.#start(options).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async stop(): Promise<void> {
    const starting = this.#starting;
    if (starting === undefined) return;
    this.#startup.abort();
    await starting.catch(() => {});
    this.#starting = undefined;
    await this.#lifecycle.stopped("stopped in order");
    const consumers = this.#consumers;
    const timer = setTimeout(() => this.#handling.abort(), this.#config.drainTimeoutMs);
    await Promise.all(consumers.map((consumer) => consumer.stop(this.#handling.signal)));
    clearTimeout(timer);
    // A heartbeat after a consumer has left would make it look alive.
    await this.#heartbeat?.stop();
    await Promise.all(consumers.map((consumer) => consumer.leave()));
    this.#consumers = [];
  }

  async #start({ requireRedis = false }: StartOptions): Promise<void> {
    const streams = this.#router.streams();
    this.#pool.assertAffordable(streams.map(({ stream }) => stream));
    this.#startup = new AbortController();
    const settle = this.#pool.get("settle");
    try {
      const client = await settle.ready(this.#startup.signal);
      await assertSupported(client, `${this.#config.redis.host}:${this.#config.redis.port}`);
      const policy = await evictionPolicy(client);
      if (policy !== undefined) this.#hooks.emit("evictionPossible", { policy });
    } catch (error) {
      const isAway = error instanceof ConnectionError && error.code === "REDIS_UNAVAILABLE";
      if (!isAway || requireRedis) throw error;
      this.#hooks.emit("trouble", { what: "connecting at start", error });
    }
    if (this.#startup.signal.aborted) throw new ClosedError("cannot start");
    this.#handling = new AbortController();
    const heartbeat = new Heartbeat(this.#config, this.#hooks);
    this.#consumers = streams.flatMap((routes) => this.#consumersOf(routes, settle, heartbeat));
    if (this.#consumers.length > 0) heartbeat.start(settle);
    this.#heartbeat = heartbeat;
    for (const consumer of this.#consumers) consumer.start();
    // Whatever is published once this has resolved is for these groups too, those that begin with what is new included.
    if (settle.isReady) await Promise.all(this.#consumers.map((consumer) => consumer.attempted));
    this.#lifecycle.started();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.stop();
    this.#closed = true;
    await this.#appender.drained();
    await Promise.all([...this.#retentions.values()].map((retention) => retention.stop()));
    this.#requester?.close();
    this.#hub?.close();
    this.#pool.close();
  }

  /** One for the stream, and one for what is redriven to this group from its dead letters. */
  #consumersOf(routes: StreamRoutes, settle: Connection, heartbeat: Heartbeat): StreamConsumer[] {
    const config = this.#config;
    const { group } = config;
    const stream = prefixed(config, routes.stream);
    const consumer = `${config.service}-${this.#instance}`;
    const place = {
      stream,
      group,
      consumer,
      retry: { maxRetries: config.maxRetries, delayMs: config.retryDelayMs },
      handlerTimeoutMs: config.handlerTimeoutMs,
      signal: this.#handling.signal,
    };
    const responder = new CommandResponder(config.service, settle, this.#hooks);
    const keys = streamKeys(stream, group);
    const sources = [
      { keys, read: this.#pool.get(`read:${stream}`) },
      { keys: redriveKeys(keys, group), read: undefined },
    ];
    return sources.map(({ keys, read }) => {
      heartbeat.add(keys.alive, consumer);
      this.#retention(keys);
      const dispatcher = new Dispatcher(place, routes, this.#hooks, responder);
      return new StreamConsumer(
        { keys, group, consumer },
        config,
        { read, settle },
        dispatcher,
        heartbeat,
        this.#hooks,
      );
    });
  }

  /** Every stream that is written or read here is kept in bounds from here. */
  #retention(keys: StreamKeys): Retention {
    let retention = this.#retentions.get(keys.stream);
    if (retention === undefined) {
      const connection = this.#pool.get(this.#starting !== undefined ? "settle" : "publish");
      retention = new Retention(keys, this.#config, connection, this.#hooks);
      this.#retentions.set(keys.stream, retention);
      retention.start();
    }
    return retention;
  }

  #listening(): Requester {
    if (this.#requester === undefined) {
      const channel = this.#replyChannel ?? prefixed(this.#config, `${this.service}-responses:${this.#instance}`);
      const connection = this.#pool.get("subscribe");
      const requester = new Requester(channel, connection, this.#pool.get("publish"), this.#hooks);
      connection.onReady((again) => again && void requester.recover().catch(() => {}));
      this.#requester = requester;
    }
    return this.#requester;
  }

  #notifications(): NotificationHub {
    if (this.#hub === undefined) {
      const connection = this.#pool.get("subscribe");
      const hub = new NotificationHub(this.#config, this.catalogue, connection, this.#pool.get("publish"), this.#hooks);
      connection.onReady((again) => again && void hub.recover().catch(() => {}));
      this.#hub = hub;
    }
    return this.#hub;
  }

  #assertOpen(what: string): void {
    if (this.#closed) throw new ClosedError(`cannot ${what}`);
  }

  #assertNotStarted(type: string): void {
    this.#assertOpen(`take a handler of ${type}`);
    if (this.#starting === undefined) return;
    throw new ConfigError(
      [`the handler of ${type} comes after start(): register every handler before it`],
      "HANDLER_LATE",
    );
  }
}

function asMessagingError(thrown: unknown): MessagingError {
  return new MessagingError("PUBLISH_FAILED", thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}

function defined(values: Message): Message {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function commandDefaults(
  descriptor: CommandDescriptor<unknown, never, unknown>,
  options: SendOptions,
): { target: string; timeoutMs: number } {
  const properties = descriptor.schema.properties ?? {};
  const target = options.targetService ?? properties["target_service"]?.default ?? properties["target_service"]?.const;
  const seconds = options.timeoutSeconds ?? properties["timeout"]?.default ?? 30;
  return { target: String(target ?? "the target service"), timeoutMs: Number(seconds) * 1000 };
}
