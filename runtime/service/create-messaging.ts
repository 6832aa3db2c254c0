import { readConfig, type Settings } from "../config/config.js";
import type { Variables } from "../config/setting-reader.js";
import type { Catalogue } from "../contract/descriptor.js";
import type { Upcaster } from "../contract/upcaster.js";
import { Upcasting } from "../contract/upcasting.js";
import { assertCompilable } from "../contract/validation.js";
import { HookBus, type Hooks } from "../messaging/hooks.js";
import { type Interceptor, InterceptorChain } from "../messaging/interceptor.js";
import { consoleLogger, type Logger, loggingHooks } from "../messaging/logger.js";
import type { Messaging } from "../messaging/messaging.js";
import type { Published } from "../messaging/publisher.js";
import { RedisBroker } from "../redis/redis-broker.js";
import { systemClock } from "../time/clock.js";
import { ServiceMessaging } from "./service-messaging.js";

/** Options of a messaging. A setting that is left out comes from the environment, then from its default. */
export interface MessagingOptions extends Settings {
  /** Called on the events of this messaging, for metrics. */
  readonly hooks?: Hooks;
  /** Wrap the handling, publishing, sending and telling of messages. The first one is the outermost. */
  readonly interceptors?: readonly Interceptor[];
  /**
   * Make messages of new types from those of old ones, before they are handled. Those of M-ERP's types and your own may be
   * mixed, in any order; several may follow one another. See docs/evolving.md.
   */
  readonly upcasters?: readonly Upcaster[];
  /** @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
  /**
   * With `report` a failed `publish` does not reject: it is logged, counted, told to the hook `publishFailed`, and
   * resolves to `undefined`. `publishAll`, `send` and `tell` are reported too, and still reject. @defaultValue "throw"
   */
  readonly onPublishFailure?: "throw" | "report";
  /** The variables from which settings are read. @defaultValue process.env */
  readonly env?: Variables;
}

/** Options beside the settings; the last three are those of `initMessaging`. */
const OTHERS = [
  "hooks",
  "interceptors",
  "upcasters",
  "logger",
  "onPublishFailure",
  "env",
  "handlers",
  "signals",
  "requireRedis",
];

const EMPTY: Catalogue = { name: "none", encoding: "json", messages: [] };

/**
 * Creates a messaging for a catalogue. Generated code wraps it for its own catalogue.
 * @throws {ConfigError} naming every bad setting
 */
export function createMessagingFor<Events extends object>(
  catalogue: Catalogue<Events>,
  options: MessagingOptions,
): Messaging<Events, Published | undefined> {
  const {
    hooks = {},
    interceptors = [],
    upcasters = [],
    logger = consoleLogger,
    onPublishFailure,
    env = process.env,
  } = options;
  const clock = systemClock;
  const compiled = catalogue.messages.find(({ checks }) => checks === undefined);
  if (compiled !== undefined) assertCompilable(compiled.type);
  const config = readConfig(options, catalogue.encoding, env, OTHERS);
  const bus = new HookBus(loggingHooks(logger, config.service, clock), hooks);
  return new ServiceMessaging(catalogue, config, {
    broker: new RedisBroker(config, bus, clock),
    chain: interceptors.length === 0 ? undefined : new InterceptorChain(interceptors, clock),
    clock,
    hooks: bus,
    upcasting: upcasters.length === 0 ? undefined : new Upcasting(upcasters),
    replyChannel: options.replyChannel,
    reports: onPublishFailure === "report",
  });
}

/**
 * Creates a messaging for own descriptors, without a generated catalogue. It connects when a connection is needed.
 * @throws {ConfigError} naming every bad setting
 * @example
 * await using messaging = createMessaging({ service: "orders" });
 * await messaging.publish(orderPlaced, { entity_id: 7, after_data: { total: 12.5 } });
 */
export function createMessaging(
  options: MessagingOptions & { readonly onPublishFailure: "report" },
): Messaging<Record<never, never>, Published | undefined>;
export function createMessaging(options?: MessagingOptions): Messaging;
export function createMessaging(
  options: MessagingOptions = {},
): Messaging<Record<never, never>, Published | undefined> {
  return createMessagingFor(EMPTY, options);
}
