import { randomBytes } from "node:crypto";
import { SENT_ONCE } from "../command/command.js";
import { Requester } from "../command/requester.js";
import { type Config, readConfig, type Settings } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import type { Variables } from "../config/setting-reader.js";
import { Consumption } from "../consume/consumption.js";
import type { Catalogue } from "../contract/catalogue.js";
import { contractOf } from "../contract/contract.js";
import type { CommandDescriptor, Descriptor } from "../contract/descriptor.js";
import { ClosedError, MessagingError, UsageError } from "../errors.js";
import { Router } from "../handle/router.js";
import type { CommandHandler, CommandOptions, Handler, HandlerOptions } from "../messaging/handler.js";
import { type Counts, HookBus, type Hooks } from "../messaging/hooks.js";
import { consoleLogger, type Logger, loggingHooks } from "../messaging/logger.js";
import type {
  Messaging,
  PublishAllOptions,
  Published,
  PublishOptions,
  SendOptions,
  StartOptions,
  TellOptions,
} from "../messaging/messaging.js";
import type { NotificationTarget } from "../notification/channel.js";
import { type Listening, type ListenOptions, NotificationHub, type NotificationListener } from "../notification/hub.js";
import { MessagePublisher } from "../publish/publisher.js";
import { Retentions } from "../publish/retentions.js";
import { ConnectionPool } from "../redis/connection-pool.js";
import { EntryAppender } from "../redis/entry-appender.js";
import { examine, type Health } from "./health.js";
import { Lifecycle } from "./lifecycle.js";

/** How a messaging is created. Whatever is left out comes from the environment, then from the default. */
export interface MessagingOptions extends Settings {
  /** Called on what happens: what metrics hang on. */
  readonly hooks?: Hooks;
  /** @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
  /**
   * Whether a failed publish rejects, or is logged, counted, reported to the hook `publishFailed`, and resolves to
   * `undefined`: so that a business operation does not fail because messaging does. `publishAll` and `tell` reject all
   * the same, and are reported too.
   * @defaultValue "throw"
   */
  readonly onPublishFailure?: "throw" | "report";
  /** Where settings are read from. @defaultValue process.env */
  readonly env?: Variables;
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
  readonly #retentions: Retentions;
  readonly #consumption: Consumption;
  readonly #lifecycle: Lifecycle;
  #requester: Requester | undefined;
  #hub: NotificationHub | undefined;
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
    this.#retentions = new Retentions(this.#config, this.#pool, this.#hooks);
    this.#consumption = new Consumption(this.#config, this.#instance, this.#pool, this.#retentions, this.#hooks);
    this.#appender = new EntryAppender(this.#pool.get("publish"));
    const parts = { appender: this.#appender, retentions: this.#retentions, reports: this.#reports };
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
    return this.#alsoReported(
      descriptor,
      this.#publisher.publishAll(descriptor, messages as readonly Message[], options),
    );
  }

  /** A failure of which the caller is told in any case. */
  async #alsoReported<Result>(descriptor: Descriptor, publishing: Promise<Result>): Promise<Result> {
    return publishing.catch((thrown: unknown) => {
      if (this.#reports) this.#report(descriptor, thrown);
      throw thrown;
    });
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
    if (!requester.isListening) await requester.listen();
    const id = crypto.randomUUID();
    const given = {
      payload,
      target_service: options.targetService,
      timeout: options.timeoutSeconds,
      reply_to: requester.channel,
      metadata: contractOf(descriptor as Descriptor).hasOpenMetadata ? SENT_ONCE : undefined,
    };
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
    const given = { payload, target_service: targetService };
    const command = descriptor as unknown as Descriptor;
    return this.#alsoReported(command, this.#publisher.publish(command, given, options));
  }

  async health(): Promise<Health> {
    const { version, redis } = this.#config;
    const { patients, isStarted } = this.#consumption;
    const connection = this.#pool.get(isStarted ? "settle" : "publish");
    const { streams, ...found } = await examine(connection, patients, redis.connectionTimeoutMs);
    const stuck = patients.some(({ loop }) => loop === "stuck");
    const status = !found.connected || stuck ? "unhealthy" : isStarted ? "healthy" : "unknown";
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

  async start(options: StartOptions = {}): Promise<void> {
    this.#assertOpen("start");
    const isFirst = !this.#consumption.isStarted;
    await this.#consumption.start(this.#router.streams(), options);
    if (isFirst) this.#lifecycle.started();
  }

  async stop(): Promise<void> {
    await this.#consumption.stop(() => this.#lifecycle.stopped("stopped in order"));
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
    await this.#retentions.stop();
    this.#requester?.close();
    this.#hub?.close();
    this.#pool.close();
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
    if (!this.#consumption.isStarted) return;
    throw new UsageError(
      "HANDLER_LATE",
      `the handler of ${type} comes after start(): register every handler before it`,
    );
  }
}

function asMessagingError(thrown: unknown): MessagingError {
  return new MessagingError("PUBLISH_FAILED", thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
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
