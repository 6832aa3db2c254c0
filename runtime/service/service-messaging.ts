// service/ connects the other rooms. It may import all of them but redis/, which only create-messaging.ts imports.

import { randomBytes } from "node:crypto";
import type { Broker } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import { Requester } from "../command/requester.js";
import { CommandSender } from "../command/sender.js";
import { type Config, prefixed } from "../config/config.js";
import { Consumption } from "../consume/consumption.js";
import type { Catalogue, CommandDescriptor, Descriptor, Publishable, WithoutStandard } from "../contract/descriptor.js";
import type { Sealing } from "../contract/sealing.js";
import { withStandard } from "../contract/standard.js";
import type { Upcasting } from "../contract/upcasting.js";
import { ClosedError, ConfigError, UsageError } from "../errors.js";
import { makeReplayable } from "../handle/replayable.js";
import { Router, type StreamRoutes } from "../handle/router.js";
import type { CommandHandler, CommandOptions, Handler, HandlerOptions } from "../messaging/handler.js";
import type { Health, OutboxHealth } from "../messaging/health.js";
import type { Counts, RuntimeParts } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import type { Messaging, StartOptions } from "../messaging/messaging.js";
import type { Listening, ListenOptions, NotificationListener, NotificationTarget } from "../messaging/notification.js";
import type { PublishAllOptions, Published, PublishOptions } from "../messaging/publisher.js";
import type { SendOptions, TellOptions } from "../messaging/sender.js";
import { NotificationHub } from "../notification/hub.js";
import { MessagePublisher } from "../publish/publisher.js";
import { makeRelayable } from "../publish/relayable.js";
import { Retention, Retentions } from "../publish/retention.js";
import { MessageTransfer } from "../publish/transfer.js";
import type { Attachments } from "./attachments.js";
import { misuse } from "./call-options.js";
import { dispatchers } from "./dispatchers.js";
import { assertReadable } from "./encrypted-types.js";
import { checkHealth } from "./health.js";
import { Lifecycle } from "./lifecycle.js";
import { Outgoing } from "./outgoing.js";

export interface ServiceParts extends RuntimeParts {
  readonly broker: Broker;
  readonly chain: InterceptorChain | undefined;
  readonly upcasting: Upcasting | undefined;
  /** Encrypts and reads what the catalogue encrypts. */
  readonly sealing: Sealing | undefined;
  readonly attachments: Attachments;
  readonly replyChannel: string | undefined;
  /** Whether failed publishes are reported instead of thrown. */
  readonly reports: boolean;
}

/** The messaging of one service: connects the parts of delivery with each other. */
export class ServiceMessaging<Events extends object> implements Messaging<Events, Published | undefined> {
  readonly service: string;
  readonly catalogue: Catalogue<Events>;
  readonly #config: Config;
  readonly #parts: ServiceParts;
  readonly #router: Router;
  readonly #instance = `${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #publisher: MessagePublisher;
  readonly #transfer: MessageTransfer;
  readonly #sender: CommandSender;
  readonly #outgoing: Outgoing;
  readonly #retentions: Retentions;
  readonly #consumption: Consumption;
  readonly #lifecycle: Lifecycle;
  #hub: NotificationHub | undefined;
  #outbox: (() => Promise<OutboxHealth>) | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(catalogue: Catalogue<Events>, config: Config, parts: ServiceParts) {
    this.service = config.service;
    this.catalogue = catalogue;
    this.#config = config;
    this.#parts = parts;
    const { broker, clock, hooks, reports } = parts;
    this.#router = new Router(catalogue, parts.upcasting);
    this.#retentions = new Retentions(broker, (log, isTimed) => new Retention(log, config, { clock, hooks }, isTimed));
    const publishing = { ...parts, appender: broker.appender, retentions: this.#retentions };
    this.#publisher = new MessagePublisher(config, publishing);
    const streamOf = ({ stream }: Descriptor): string => prefixed(config, stream);
    this.#sender = new CommandSender(this.#publisher, streamOf, () => this.#createRequester());
    this.#outgoing = new Outgoing(this.#publisher, this.#sender, parts.chain);
    const dispatcherOf = dispatchers(config, parts);
    const retained = (log: Log, isRead: boolean): void => {
      if (isRead) this.#retentions.of(log.stream, log);
      else void this.#retentions.end(log.stream);
    };
    this.#consumption = new Consumption(config, this.#instance, { broker, clock, hooks, dispatcherOf, retained });
    const announcing = { instance: this.#instance, publisher: this.#publisher, clock, hooks, reports };
    const isWhole = (): boolean => broker.isWhole;
    this.#lifecycle = new Lifecycle(config, catalogue, { ...announcing, isWhole, health: () => this.health() });
    makeReplayable(this, () => {
      const routes = (): readonly StreamRoutes[] => this.#router.streams();
      return { ...parts, config, isStarted: this.#consumption.isStarted, routes };
    });
    const through = this.#outgoing.through.bind(this.#outgoing);
    this.#transfer = new MessageTransfer(config, { broker, hooks, retentions: this.#retentions });
    const relaying = { config, catalogue, clock, hooks, publisher: this.#publisher, transfer: this.#transfer, through };
    makeRelayable(this, { ...relaying, sealing: parts.sealing, tellOf: (outbox) => this.#tellOf(outbox) });
    parts.attachments.attach(this);
  }

  get counts(): Counts {
    return this.#parts.hooks.counts;
  }

  publish(
    given: WithoutStandard<Publishable>,
    message: unknown,
    options: PublishOptions = {},
  ): Promise<Published | undefined> {
    const descriptor = withStandard<Publishable>(given);
    const published = this.#outgoing.call<Published>({ operation: "publish", descriptor, message, options });
    if (!this.#parts.reports) return published;
    return published.catch((error: unknown) => (error instanceof ConfigError ? Promise.reject(error) : undefined));
  }

  publishAll(descriptor: Publishable, list: readonly unknown[], options: PublishAllOptions = {}): Promise<Published[]> {
    return this.#outgoing.call({ operation: "publishAll", descriptor, messages: list, options });
  }

  send<Result>(
    given: WithoutStandard<CommandDescriptor<unknown, never, Result>>,
    payload: unknown,
    options: SendOptions = {},
  ): Promise<Result> {
    const descriptor = withStandard<CommandDescriptor>(given);
    return this.#outgoing.call({ operation: "send", descriptor, payload, options });
  }

  tell(given: WithoutStandard<CommandDescriptor>, payload: unknown, options: TellOptions = {}): Promise<Published> {
    const descriptor = withStandard<CommandDescriptor>(given);
    return this.#outgoing.call({ operation: "tell", descriptor, payload, options });
  }

  async listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options: ListenOptions = {},
  ): Promise<Listening> {
    this.#assertOpen("listen");
    const wrong = misuse("listen", options);
    if (wrong !== undefined) throw wrong;
    this.#hub ??= this.#createHub();
    return this.#hub.listen(target, listener as NotificationListener, options);
  }

  health(): Promise<Health> {
    return checkHealth(this.#config, this.#parts, this.#consumption, this.#outbox);
  }

  on(given: WithoutStandard<Descriptor> | string, handler: Handler<never>, options?: HandlerOptions<never>): void {
    const target = typeof given === "string" ? given : withStandard(given);
    this.#assertNotStarted(typeof target === "string" ? target : target.type);
    this.#router.add(target, handler, options);
  }

  handle(
    given: WithoutStandard<CommandDescriptor>,
    handler: CommandHandler<never, unknown>,
    options: CommandOptions = {},
  ): void {
    const descriptor = withStandard<CommandDescriptor>(given);
    this.#assertNotStarted(descriptor.type);
    this.#router.add(descriptor, handler, { ...options, target_service: this.service });
  }

  async start(options: StartOptions = {}): Promise<void> {
    this.#assertOpen("start");
    const wrong = misuse("start", options);
    if (wrong !== undefined) throw wrong;
    const starting = this.#parts.attachments.starting();
    if (starting !== undefined) {
      await starting;
      this.#assertOpen("start");
    }
    const isFirst = !this.#consumption.isStarted;
    const routes = this.#router.streams();
    assertReadable(routes, this.#parts.sealing);
    await this.#consumption.start(routes, options);
    if (isFirst) this.#lifecycle.started(this.#consumption.streams);
  }

  async stop(): Promise<void> {
    await this.#consumption.stop(this.#lifecycle);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { broker } = this.#parts;
    await this.stop();
    this.#closed = true;
    this.#publisher.close();
    this.#transfer.close();
    await broker.appender.drained();
    await this.#retentions.stop();
    this.#sender.close();
    this.#hub?.close();
    broker.close();
    this.#parts.hooks.emit("closed", { instance: this.#instance });
    this.#parts.attachments.detach();
  }

  #tellOf(outbox: () => Promise<OutboxHealth>): () => void {
    this.#outbox = outbox;
    return () => {
      if (this.#outbox === outbox) this.#outbox = undefined;
    };
  }

  #createRequester(): Requester {
    const { broker, replyChannel } = this.#parts;
    const channel = replyChannel ?? prefixed(this.#config, `${this.service}-responses:${this.#instance}`);
    const { subscriptions, answers } = broker;
    return new Requester({ ...this.#parts, channel, subscriptions, answers });
  }

  #createHub(): NotificationHub {
    const { broker } = this.#parts;
    const notification = this.catalogue.messages.find(({ kind }) => kind === "notification");
    const stream = prefixed(this.#config, notification?.stream ?? "notifications");
    const log = broker.log(stream);
    const { subscriptions } = broker;
    const brokerClock = broker.clockOf(stream);
    return new NotificationHub(this.#config, this.catalogue, { ...this.#parts, subscriptions, log, brokerClock });
  }

  #assertOpen(what: string): void {
    if (this.#closed) throw new ClosedError(`cannot ${what}`);
  }

  #assertNotStarted(type: string): void {
    this.#assertOpen(`take a handler of ${type}`);
    if (!this.#consumption.isStarted) return;
    const text = `the handler of ${type} comes after start(): register every handler before it`;
    throw new UsageError("HANDLER_LATE", text);
  }
}
