import type { Letters } from "../../broker/letters.js";
import type { PartitionControl } from "../../broker/partition-control.js";
import { type Config, prefixed } from "../../config/config.js";
import type { Catalogue, CommandDescriptor, Descriptor, Publishable } from "../../contract/descriptor.js";
import type { Sealing } from "../../contract/sealing.js";
import { ConfigError } from "../../errors.js";
import { DeadLetters } from "../../letters/dead-letters.js";
import { Instance } from "../../memory/instance.js";
import { isServed, leftoversOf } from "../../memory/leftovers.js";
import { MemoryBroker } from "../../memory/memory-broker.js";
import { OperatorsGroups } from "../../memory/operators-groups.js";
import { OperatorsLetters } from "../../memory/operators-letters.js";
import { OperatorsPartitions } from "../../memory/operators-partitions.js";
import type { Extension } from "../../messaging/extension.js";
import type { GroupControl } from "../../messaging/group-control.js";
import type { CommandHandler, CommandOptions, Handler, HandlerOptions } from "../../messaging/handler.js";
import { consoleLogger, writerOf } from "../../messaging/logger.js";
import type {
  Listening,
  ListenOptions,
  NotificationListener,
  NotificationTarget,
} from "../../messaging/notification.js";
import type { Published } from "../../messaging/publisher.js";
import { assemble } from "../../service/assemble.js";
import { ServiceMessaging } from "../../service/service-messaging.js";
import { heldTexts, leftoverText } from "./leftover.js";
import { Observer } from "./observer.js";
import { entryOf } from "./recorded-entry.js";
import type { Recording } from "./recording.js";
import type { Place } from "./run.js";
import { SharedBroker } from "./shared-broker.js";
import type { TestBroker, TestTime } from "./test-broker.js";
import type { TestMessaging, TestMessagingOptions } from "./test-messaging.js";
import { waitText } from "./wait.js";

/** Streams are bounded once an hour, since a day may pass in a test. */
const DEFAULTS = { STREAM_TRIM_INTERVAL: "3600" };

class MemoryMessaging<Events extends object>
  extends ServiceMessaging<Events>
  implements TestMessaging<Events, Published | undefined>
{
  readonly #broker: SharedBroker;
  readonly #instance: Instance;
  readonly #place: Place;
  readonly #config: Config;
  readonly #observer: Observer;
  readonly #sealing: Sealing | undefined;
  #isClosing = false;
  #closing: Promise<void> | undefined;

  constructor(catalogue: Catalogue<Events>, options: TestMessagingOptions) {
    const { broker = new SharedBroker(), ...own } = options;
    if (!(broker instanceof SharedBroker)) {
      throw new ConfigError(["broker must be one that createTestBroker() returned"]);
    }
    const { store, activity, chronicle } = broker;
    const instance = new Instance(store.clock, () => {
      store.calls++;
    });
    const { clock } = instance;
    const write = writerOf(own.logger ?? consoleLogger);
    const place = {
      ...{ service: "", clock, handlerTimeoutMs: 0, warnAfterMs: broker.warnAfterMs, activity },
      hasCrashed: () => instance.hasCrashed,
      warn: (details: object, text: string) => write("warn", details, text),
    };
    // Outermost, so that it waits for what the interceptors of extensions do as well.
    const watching: Extension = { extend: () => ({ interceptors: [activity.watching(place)] }) };
    const extensions = [watching, ...(own.extensions ?? [])];
    const env = { ...DEFAULTS, ...own.env };
    const { config, parts } = assemble(
      catalogue,
      { ...own, env, extensions, hooks: chronicle.hooksFor(place, own.hooks) },
      {
        clock,
        brokerOf: (config, hooks) => new MemoryBroker(store, instance, { config, hooks }),
        sealing: broker.keys.sealing,
      },
    );
    super(catalogue, config, parts);
    place.service = config.service;
    place.handlerTimeoutMs = config.handlerTimeoutMs;
    broker.add(this, (stream) => prefixed(config, stream));
    this.#config = config;
    this.#sealing = parts.sealing;
    this.#observer = new Observer(chronicle, broker.seed, { observed: config.service, sealing: parts.sealing });
    this.#broker = broker;
    this.#instance = instance;
    this.#place = place;
  }

  get deadLetters(): DeadLetters {
    const { store } = this.#broker;
    const lettersOf = (stream: string): Letters => {
      this.#broker.assertOpen(`use the dead letters of ${stream}`);
      return new OperatorsLetters(store, stream);
    };
    return new DeadLetters(this.#config, { clock: store.clock, lettersOf });
  }

  get groups(): GroupControl {
    return new OperatorsGroups(this.#broker.store, this.#config);
  }

  get partitions(): PartitionControl {
    return new OperatorsPartitions(this.#broker.store, this.#config);
  }

  get broker(): TestBroker {
    return this.#broker;
  }

  get time(): TestTime {
    return this.#broker.time;
  }

  get observed(): string {
    return this.service;
  }

  get seed(): number {
    return this.#broker.seed;
  }

  published<Message>(descriptor: Publishable<Message>): readonly Message[] {
    return this.#observer.published(descriptor);
  }

  sent<Message>(descriptor: CommandDescriptor<Message>): readonly Message[] {
    return this.#observer.sent(descriptor);
  }

  handled<Message>(descriptor: Descriptor<Message>): readonly Message[] {
    return this.#observer.handled(descriptor);
  }

  deadLettered<Message>(descriptor: Descriptor<Message>): readonly Message[] {
    return this.#observer.deadLettered(descriptor);
  }

  history(): string {
    return this.#observer.history();
  }

  record(): Recording {
    return { service: this.service, messages: this.#observer.recorded(this.catalogue) };
  }

  async replay({ messages }: Recording): Promise<void> {
    this.#broker.assertOpen("replay a recording");
    for (const recorded of messages) {
      const entry = await entryOf(recorded, this.catalogue, this.#sealing);
      if (entry === undefined) continue;
      const { store } = this.#broker;
      const keyed = { entry: entry.fields, messageId: String(recorded.message["id"] ?? "") };
      store.add(store.placeOf(prefixed(this.#config, entry.stream), keyed), entry.fields);
    }
  }

  settled(): Promise<void> {
    return this.#broker.settled();
  }

  crash(): void {
    this.#instance.crash();
  }

  override listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options?: ListenOptions,
  ): Promise<Listening> {
    const { activity } = this.#broker;
    const named = activity.named(listener);
    const watched: NotificationListener<Message> = (message, context) =>
      activity.listen(this.#place, context.channel, () => named(message, context));
    return super.listen(target, watched, options);
  }

  override on(
    target: Parameters<ServiceMessaging<Events>["on"]>[0],
    handler: Handler<never>,
    options?: HandlerOptions<never>,
  ): void {
    super.on(target, this.#broker.activity.named(handler), options);
  }

  override handle(
    descriptor: Parameters<ServiceMessaging<Events>["handle"]>[0],
    handler: CommandHandler<never, unknown>,
    options?: CommandOptions,
  ): void {
    super.handle(descriptor, this.#broker.activity.named(handler), options);
  }

  override stop(): Promise<void> {
    // A part of close(), which lets time pass itself.
    if (this.#isClosing) return super.stop();
    return this.#broker.during(super.stop(), this.#instance);
  }

  override close(): Promise<void> {
    this.#isClosing = true;
    this.#closing ??= this.#broker.during(super.close(), this.#instance).then(() => this.#tellLeftovers());
    return this.#closing;
  }

  /** Tells what nobody has handled, if no other instance of this service may yet. */
  #tellLeftovers(): void {
    const { activity, seed, store } = this.#broker;
    const { group, leaseMs, service } = this.#config;
    const leftovers = isServed(store, group) ? [] : leftoversOf(store, group);
    if (leftovers.length === 0) return;
    const waiting = [
      ...activity.hanging(this.#place).map(waitText),
      ...leftovers.flatMap((leftover) => heldTexts(leftover, leaseMs, store.clock)),
    ];
    const advice = "await settled(), or have time pass for what waits, before the test ends";
    const text = `${service} was closed before it had handled everything`;
    this.#place.warn({ leftovers: leftovers.map(leftoverText), waiting, advice, seed }, text);
  }
}

/**
 * Creates a messaging of tests for a catalogue. Generated code wraps it for its own catalogue.
 * @throws {ConfigError} naming every bad setting
 */
export function createTestMessagingFor<Events extends object>(
  catalogue: Catalogue<Events>,
  options: TestMessagingOptions,
): TestMessaging<Events, Published | undefined> {
  return new MemoryMessaging(catalogue, options);
}
