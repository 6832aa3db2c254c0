import type { Broker } from "../broker/broker.js";
import { type Config, prefixed, readConfig, type Settings } from "../config/config.js";
import type { Variables } from "../config/setting-reader.js";
import type { Catalogue } from "../contract/descriptor.js";
import type { Sealing } from "../contract/sealing.js";
import type { Upcaster } from "../contract/upcaster.js";
import { Upcasting } from "../contract/upcasting.js";
import { assertCompilable } from "../contract/validation.js";
import { ConfigError } from "../errors.js";
import type { Extension } from "../messaging/extension.js";
import { HookBus, type Hooks } from "../messaging/hooks.js";
import { type Interceptor, InterceptorChain } from "../messaging/interceptor.js";
import { consoleLogger, type Logger } from "../messaging/logger.js";
import { loggingHooks } from "../messaging/logging-hooks.js";
import type { Clock } from "../time/clock.js";
import { Attachments } from "./attachments.js";
import { assertKeysFor } from "./encrypted-types.js";
import type { ServiceParts } from "./service-messaging.js";

/** Options of a messaging. A setting that is left out comes from the environment, then from its default. */
export interface MessagingOptions extends Settings {
  /** Called on the events of this messaging, for metrics. */
  readonly hooks?: Hooks;
  /** Wrap the handling, publishing, sending and telling of messages. The first one is the outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Add interceptors, hooks and what watches this messaging, for telemetry. The interceptors of the first are the outermost. */
  readonly extensions?: readonly Extension[];
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
  "extensions",
  "upcasters",
  "logger",
  "onPublishFailure",
  "env",
  "handlers",
  "signals",
  "requireRedis",
];

/** What a messaging stands on. */
export interface Foundation {
  readonly clock: Clock;
  readonly brokerOf: (config: Config, hooks: HookBus, clock: Clock) => Broker;
  /** What encrypts where no extension does. */
  readonly sealing?: Sealing;
}

/**
 * Reads the settings of a messaging and makes its parts.
 * @throws {ConfigError} naming every bad setting
 */
export function assemble(
  catalogue: Catalogue,
  options: MessagingOptions,
  { clock, brokerOf, sealing: byDefault }: Foundation,
): { readonly config: Config; readonly parts: ServiceParts } {
  const { hooks = {}, extensions = [], upcasters = [], logger = consoleLogger } = options;
  const { onPublishFailure, env = process.env } = options;
  const compiled = catalogue.messages.find(({ checks }) => checks === undefined);
  if (compiled !== undefined) assertCompilable(compiled.type);
  const config = readConfig(options, catalogue.encoding, env, OTHERS);
  const { service, environment } = config;
  const extending = extensions.map((extension) => extension.extend({ service, environment }));
  const [sealing = byDefault, another] = extending.flatMap((each) => each.sealing ?? []);
  if (another !== undefined) throw new ConfigError(["extensions has two that encrypt: keep one"]);
  assertKeysFor(catalogue, sealing);
  const extended = extending.flatMap((each) => each.hooks ?? []);
  const logging = loggingHooks(logger, { service, prefix: prefixed(config, "") }, clock);
  const bus = new HookBus(logging, hooks, ...extended);
  const added = extending.flatMap((each) => each.interceptors ?? []);
  const interceptors = [...added, ...(options.interceptors ?? [])];
  const parts: ServiceParts = {
    broker: brokerOf(config, bus, clock),
    chain: interceptors.length === 0 ? undefined : new InterceptorChain(interceptors, clock),
    clock,
    hooks: bus,
    sealing,
    attachments: new Attachments(extending),
    upcasting: upcasters.length === 0 ? undefined : new Upcasting(upcasters),
    replyChannel: options.replyChannel,
    reports: onPublishFailure === "report",
  };
  return { config, parts };
}
