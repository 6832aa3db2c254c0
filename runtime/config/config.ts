// config/ reads and checks the settings of a service. It may import contract/ and errors.ts.
import type { Encoding } from "../contract/descriptor.js";
import { ConfigError } from "../errors.js";
import { type RedisConfig, type RedisOptions, readRedis } from "./redis-config.js";
import { type Complete, SettingReader, type Variables } from "./setting-reader.js";

/** Every setting. A setting that is left out is read from its variable, else it has its default. */
export interface Settings {
  /** This service's name. Env `SERVICE_NAME`. Required in one of the two. */
  readonly service?: string;
  /** Any value but `development` prefixes keys: `production:events`. Env `ENVIRONMENT`. @defaultValue "development" */
  readonly environment?: string;
  readonly redis?: RedisOptions;
  /** The encoding of the entries that are written. Env `MESSAGE_ENCODING`. @defaultValue the catalogue's */
  readonly encoding?: Encoding;
  /** The group is `<service>-<suffix>`. Env `CONSUMER_GROUP_SUFFIX`. @defaultValue "workers" */
  readonly groupSuffix?: string;
  /**
   * A new group begins with `all` retained entries, or only with `new` ones: those added after `start()` was called.
   * @defaultValue "all"
   */
  readonly startFrom?: "all" | "new";
  /** Entries a stream keeps once every group has acknowledged them. Env `STREAM_MAX_LENGTH`. @defaultValue 10000 */
  readonly streamMaxLength?: number;
  /** Milliseconds that one read waits for entries. Env `STREAM_BLOCK_TIME`. @defaultValue 1000 */
  readonly blockTimeMs?: number;
  /** Maximum number of entries that one read takes. Env `STREAM_BATCH_SIZE`. @defaultValue 100 */
  readonly batchSize?: number;
  /** Maximum number of handlers that run at once for one stream. Env `MESSAGE_CONCURRENCY`. @defaultValue 100 */
  readonly concurrency?: number;
  /**
   * Bytes of text that this process holds of one stream, counted as characters: the entries that wait, that are handled
   * and that are not settled yet. Beyond, nothing more is read, and what waits is held by its id and fetched again when it
   * is its turn. One entry is always handled, however long it is. A decoded message takes the same once more at least. Env
   * `MESSAGE_BUFFER_BYTES`. @defaultValue 33554432 (32 MiB)
   */
  readonly bufferBytes?: number;
  /**
   * Bytes of text that the publishes in progress hold together, counted as characters. Beyond, a publish is refused at once
   * with `PUBLISH_OVERLOADED`. One message is always let in while no other is in progress, however long it is. Env
   * `PUBLISH_BUFFER_BYTES`. @defaultValue 67108864 (64 MiB)
   */
  readonly publishBufferBytes?: number;
  /**
   * Bytes of the largest message that may be published, sent, answered or read: those of the names and values of its entry.
   * Beyond, it is refused with `MESSAGE_TOO_LARGE`, and an entry that others wrote becomes a dead letter without being read
   * whole. The same in every service. Env `MESSAGE_MAX_BYTES`.
   * @defaultValue 1048576 (1 MiB)
   */
  readonly maxMessageBytes?: number;
  /** Seconds that an entry is kept once every group has acknowledged it. Env `MESSAGE_TTL`. @defaultValue 86400 */
  readonly messageTtlSeconds?: number;
  /** Seconds between two checks of a stream for entries to remove. Env `STREAM_TRIM_INTERVAL`. @defaultValue 10 */
  readonly trimIntervalSeconds?: number;
  /**
   * When a publish resolves. `stored`: one node has the message. `replicated`: `REDIS_WAIT_REPLICAS` replicas have it, too; if
   * they do not say so within `REDIS_WAIT_TIMEOUT`, it rejects with `PUBLISH_UNCERTAIN`. See docs/delivery.md. Env
   * `MESSAGE_DURABILITY`. @defaultValue "stored"
   */
  readonly durability?: "stored" | "replicated";
  /**
   * Policy for a group that no service has served for `MESSAGE_TTL` and that keeps a stream from being trimmed. `keep`:
   * the stream grows, which is reported. `expire-group`: the group is destroyed and loses its unread entries.
   * `reject-publish`: publishing is rejected once the stream exceeds its maximum length. Env `STREAM_UNSERVED_GROUPS`.
   * @defaultValue "keep"
   */
  readonly unservedGroups?: "keep" | "expire-group" | "reject-publish";
  /**
   * Number of dead letters of a stream that each group keeps. Beyond, those are removed that were redriven or discarded, then
   * the oldest. Health and the doctor warn from 80 % of it. Env `DEAD_LETTER_MAX`. @defaultValue 10000
   */
  readonly deadLettersMax?: number;
  /**
   * Seconds that a dead letter is kept. Health and the doctor warn from 80 % of it. Env `DEAD_LETTER_TTL`.
   * @defaultValue 2592000 (30 days)
   */
  readonly deadLetterTtlSeconds?: number;
  /** Number of retries of a failed message. Env `MESSAGE_MAX_RETRIES`. @defaultValue 3 */
  readonly maxRetries?: number;
  /** Seconds before the first retry. The delay doubles with each retry. Env `MESSAGE_RETRY_DELAY`. @defaultValue 60 */
  readonly retryDelaySeconds?: number;
  /**
   * `entity`: this process handles the messages of one entity one at a time, in stream order, also those that come again
   * or were taken over from another process; a failing message delays its own entity only. After a crash it reads nothing
   * until the consumers before it have been taken over: up to two leases. `none`: messages are handled concurrently.
   * @defaultValue "none"
   */
  readonly order?: "none" | "entity";
  /**
   * Seconds that one handler may take. After that its signal is aborted and the attempt counts as failed, although the
   * handler itself cannot be stopped. Env `MESSAGE_HANDLER_TIMEOUT`. @defaultValue 900
   */
  readonly handlerTimeoutSeconds?: number;
  /**
   * Seconds without a heartbeat after which a consumer counts as dead and others take over its messages. A heartbeat is
   * sent three times as often. Env `CONSUMER_LEASE`. @defaultValue 15
   */
  readonly leaseSeconds?: number;
  /**
   * Idle seconds after which others take over the messages of a consumer that never sends a heartbeat, such as one in
   * another language. Env `CONSUMER_FOREIGN_IDLE`. @defaultValue never
   */
  readonly foreignIdleSeconds?: number;
  /**
   * `required`: every event, command and notification belongs to a company, given or inherited from the message being
   * handled; publishing without one is rejected. Env `MESSAGE_TENANCY`. @defaultValue "optional"
   */
  readonly tenancy?: "optional" | "required";
  /** This service's version, included in its health. Env `SERVICE_VERSION`. @defaultValue none */
  readonly version?: string;
  /** Publishes `service.started` and `service.stopped`, if catalogued. Env `SERVICE_ANNOUNCE`. @defaultValue false */
  readonly announce?: boolean;
  /** Seconds between health messages, if the catalogue has one; 0 for none. Env `HEALTH_INTERVAL`. @defaultValue 0 */
  readonly healthIntervalSeconds?: number;
  /**
   * The channel that receives the answers to this service's commands. Instances that share one read each other's. The
   * services that answer must allow it (`replyChannels`) unless it begins with `<service>-responses:`.
   * @defaultValue `<service>-responses:<instance>`
   */
  readonly replyChannel?: string;
  /**
   * Further channels on which this service answers commands, each a name or the beginning of names with a `*` at its end. The
   * channels `<source>-responses` and `<source>-responses:*` of the service that asks are always allowed; a command that names
   * any other is a dead letter. Env `REPLY_CHANNELS`, separated by commas. @defaultValue none
   */
  readonly replyChannels?: readonly string[];
  /**
   * Seconds that `close()` gives handlers: those that run, and those of messages that have been read. Env
   * `MESSAGE_DRAIN_TIMEOUT`. @defaultValue 10
   */
  readonly drainTimeoutSeconds?: number;
}

/** The settings in effect: complete, checked, in milliseconds. */
export interface Config extends Complete<Omit<Settings, "redis" | "groupSuffix" | "version" | "replyChannel">> {
  readonly redis: RedisConfig;
  readonly group: string;
  readonly version: string | undefined;
  /** How much text one reply of Redis brings at most, unless it is a single entry: a quarter of what is held. */
  readonly replyBytes: number;
  /** Infinity if consumers without a heartbeat keep their messages. */
  readonly foreignIdleMs: number;
}

/** Every setting: a type has no names at run time. */
const OPTIONS: { readonly [Name in keyof Settings]-?: true } = {
  service: true,
  environment: true,
  redis: true,
  encoding: true,
  groupSuffix: true,
  startFrom: true,
  streamMaxLength: true,
  blockTimeMs: true,
  batchSize: true,
  concurrency: true,
  maxMessageBytes: true,
  messageTtlSeconds: true,
  trimIntervalSeconds: true,
  durability: true,
  unservedGroups: true,
  deadLettersMax: true,
  deadLetterTtlSeconds: true,
  maxRetries: true,
  retryDelaySeconds: true,
  order: true,
  handlerTimeoutSeconds: true,
  leaseSeconds: true,
  foreignIdleSeconds: true,
  tenancy: true,
  version: true,
  announce: true,
  healthIntervalSeconds: true,
  replyChannel: true,
  replyChannels: true,
  drainTimeoutSeconds: true,
  bufferBytes: true,
  publishBufferBytes: true,
};

const MIB = 1024 * 1024;
const MOST_BYTES = 1e12;
const UNSERVED_POLICIES = ["keep", "expire-group", "reject-publish"] as const;

/**
 * @param others - names of options that may stand beside the settings
 * @throws {ConfigError} naming every bad setting
 */
export function readConfig(
  settings: Settings,
  encoding: Encoding,
  variables: Variables,
  others: readonly string[] = [],
): Config {
  const reader = new SettingReader(variables);
  reader.refuseUnknown(settings, [...Object.keys(OPTIONS), ...others]);
  const service = reader.text("SERVICE_NAME", settings.service);
  if (service === undefined) {
    reader.problems.push('SERVICE_NAME is not set: set it, or name the service in createMessaging({ service: "…" })');
  }
  const name = reader.name("SERVICE_NAME", service, "unnamed");
  const bufferBytes = reader.whole("MESSAGE_BUFFER_BYTES", settings.bufferBytes, 1, MOST_BYTES, 32 * MIB);
  const config: Config = {
    service: name,
    environment: reader.name("ENVIRONMENT", settings.environment, "development"),
    encoding: reader.oneOf("MESSAGE_ENCODING", settings.encoding, ["fields", "json"], encoding),
    group: `${name}-${reader.name("CONSUMER_GROUP_SUFFIX", settings.groupSuffix, "workers")}`,
    startFrom: reader.choice("startFrom", settings.startFrom, ["all", "new"]),
    streamMaxLength: reader.whole("STREAM_MAX_LENGTH", settings.streamMaxLength, 1, 1e12, 10_000),
    blockTimeMs: reader.whole("STREAM_BLOCK_TIME", settings.blockTimeMs, 1, 60_000, 1000),
    batchSize: reader.whole("STREAM_BATCH_SIZE", settings.batchSize, 1, 1000, 100),
    concurrency: reader.whole("MESSAGE_CONCURRENCY", settings.concurrency, 1, 100_000, 100),
    bufferBytes,
    replyBytes: Math.ceil(bufferBytes / 4),
    publishBufferBytes: reader.whole("PUBLISH_BUFFER_BYTES", settings.publishBufferBytes, 1, MOST_BYTES, 64 * MIB),
    maxMessageBytes: reader.whole("MESSAGE_MAX_BYTES", settings.maxMessageBytes, 1, MOST_BYTES, MIB),
    messageTtlMs: reader.seconds("MESSAGE_TTL", settings.messageTtlSeconds, 1, 86_400),
    trimIntervalMs: reader.seconds("STREAM_TRIM_INTERVAL", settings.trimIntervalSeconds, 0.01, 10),
    durability: reader.oneOf("MESSAGE_DURABILITY", settings.durability, ["stored", "replicated"], "stored"),
    unservedGroups: reader.oneOf("STREAM_UNSERVED_GROUPS", settings.unservedGroups, UNSERVED_POLICIES, "keep"),
    deadLettersMax: reader.whole("DEAD_LETTER_MAX", settings.deadLettersMax, 1, 1e9, 10_000),
    deadLetterTtlMs: reader.seconds("DEAD_LETTER_TTL", settings.deadLetterTtlSeconds, 1, 2_592_000),
    maxRetries: reader.whole("MESSAGE_MAX_RETRIES", settings.maxRetries, 0, 1000, 3),
    retryDelayMs: reader.seconds("MESSAGE_RETRY_DELAY", settings.retryDelaySeconds, 0, 60),
    order: reader.choice("order", settings.order, ["none", "entity"]),
    handlerTimeoutMs: reader.seconds("MESSAGE_HANDLER_TIMEOUT", settings.handlerTimeoutSeconds, 0.01, 900),
    tenancy: reader.oneOf("MESSAGE_TENANCY", settings.tenancy, ["optional", "required"], "optional"),
    version: reader.text("SERVICE_VERSION", settings.version),
    announce: reader.flag("SERVICE_ANNOUNCE", settings.announce) ?? false,
    healthIntervalMs: reader.seconds("HEALTH_INTERVAL", settings.healthIntervalSeconds, 0, 0),
    leaseMs: reader.seconds("CONSUMER_LEASE", settings.leaseSeconds, 0.1, 15),
    foreignIdleMs: reader.seconds("CONSUMER_FOREIGN_IDLE", settings.foreignIdleSeconds, 0.01, Number.POSITIVE_INFINITY),
    replyChannels: reader.channels("REPLY_CHANNELS", settings.replyChannels),
    drainTimeoutMs: reader.seconds("MESSAGE_DRAIN_TIMEOUT", settings.drainTimeoutSeconds, 0, 10),
    redis: readRedis(reader, settings.redis ?? {}),
  };
  reader.refuseMisspelt();
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

/** `production:events` for `events` in production; the plain name in development. */
export function prefixed(config: Pick<Config, "environment">, name: string): string {
  return config.environment === "development" ? name : `${config.environment}:${name}`;
}
