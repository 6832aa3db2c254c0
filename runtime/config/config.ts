import type { Encoding } from "../contract/catalogue.js";
import { ConfigError } from "../errors.js";
import { type RedisConfig, type RedisOptions, readRedis } from "./redis-config.js";
import { SettingReader, type Variables } from "./setting-reader.js";

/** What becomes of a group that nobody serves. */
export type UnservedGroups = "keep" | "expire-group" | "reject-publish";

/** Everything that can be set. What is not given comes from the environment, then from the default. */
export interface Settings {
  /** This service's name. Env `SERVICE_NAME`. Required in one of the two. */
  readonly service?: string;
  /** Anything but `development` prefixes every key: `production:events`. Env `ENVIRONMENT`. @defaultValue "development" */
  readonly environment?: string;
  readonly redis?: RedisOptions;
  /** How entries are written. Env `MESSAGE_ENCODING`. @defaultValue the catalogue's */
  readonly encoding?: Encoding;
  /** The group is `<service>-<suffix>`. Env `CONSUMER_GROUP_SUFFIX`. @defaultValue "workers" */
  readonly groupSuffix?: string;
  /** Where a group that does not exist yet begins: all that is retained, or only what comes. @defaultValue "all" */
  readonly startFrom?: "all" | "new";
  /** How many entries a stream keeps, once every group has acknowledged them. Env `STREAM_MAX_LENGTH`. @defaultValue 10000 */
  readonly streamMaxLength?: number;
  /** How long one read waits for entries. Env `STREAM_BLOCK_TIME`. @defaultValue 1000 */
  readonly blockTimeMs?: number;
  /** How many entries one read takes at most. Env `STREAM_BATCH_SIZE`. @defaultValue 100 */
  readonly batchSize?: number;
  /** How many handlers run at once for one stream. Env `MESSAGE_CONCURRENCY`. @defaultValue 100 */
  readonly concurrency?: number;
  /** How long an entry is kept, once every group has acknowledged it. Env `MESSAGE_TTL`. @defaultValue 86400 */
  readonly messageTtlSeconds?: number;
  /** How often a stream is looked at for entries to remove. Env `STREAM_TRIM_INTERVAL`. @defaultValue 10 */
  readonly trimIntervalSeconds?: number;
  /**
   * What happens when a group that nobody has served for `MESSAGE_TTL` keeps a stream from being trimmed: `keep` all
   * (the stream grows, and it is reported), `expire-group` (the group is destroyed: what it had not read is lost to
   * it), or `reject-publish` (once the stream is longer than it may be). Env `STREAM_UNSERVED_GROUPS`.
   * @defaultValue "keep"
   */
  readonly unservedGroups?: UnservedGroups;
  /** How often a failed message is tried again. Env `MESSAGE_MAX_RETRIES`. @defaultValue 3 */
  readonly maxRetries?: number;
  /** The delay before the first retry; it doubles with each. Env `MESSAGE_RETRY_DELAY`. @defaultValue 60 */
  readonly retryDelaySeconds?: number;
  /**
   * `entity`: one entity's messages are handled one after another, in their order in the stream, within this process;
   * a failing one holds up only its own entity. `none`: side by side.
   * @defaultValue "none"
   */
  readonly order?: "none" | "entity";
  /**
   * How long one handler may take. Then its signal is aborted and the attempt counts as failed, although the handler
   * itself cannot be stopped. Env `MESSAGE_HANDLER_TIMEOUT`. @defaultValue 900
   */
  readonly handlerTimeoutSeconds?: number;
  /**
   * How long a consumer may be silent before it counts as dead and its messages go to others. It gives a sign of life
   * three times as often. Env `CONSUMER_LEASE`. @defaultValue 15
   */
  readonly leaseSeconds?: number;
  /**
   * How long a consumer that gives no sign of life at all (a service in another language) may be idle before its
   * messages go to others. Env `CONSUMER_FOREIGN_IDLE`. @defaultValue never
   */
  readonly foreignIdleSeconds?: number;
  /**
   * `required`: every event, command and notification belongs to a company, given or inherited from the message being
   * handled; publishing without one is refused. Env `MESSAGE_TENANCY`. @defaultValue "optional"
   */
  readonly tenancy?: "optional" | "required";
  /** This service's version, told in its health. Env `SERVICE_VERSION`. */
  readonly version?: string;
  /**
   * Whether `service.started` and `service.stopped` are published by themselves, where the catalogue has them.
   * Env `SERVICE_ANNOUNCE`. @defaultValue false
   */
  readonly announce?: boolean;
  /** How often a health message is published, where the catalogue has one; 0 for never. Env `HEALTH_INTERVAL`. @defaultValue 0 */
  readonly healthIntervalSeconds?: number;
  /**
   * The channel on which this service is answered. Instances that share one read each other's answers.
   * @defaultValue `<service>-responses:<instance>`
   */
  readonly replyChannel?: string;
  /** How long `close()` lets running handlers finish. Env `MESSAGE_DRAIN_TIMEOUT`. @defaultValue 10 */
  readonly drainTimeoutSeconds?: number;
}

/** Settings as they hold: complete, checked, in milliseconds. */
export interface Config {
  readonly service: string;
  readonly environment: string;
  readonly encoding: Encoding;
  readonly group: string;
  readonly startFrom: "all" | "new";
  readonly streamMaxLength: number;
  readonly blockTimeMs: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly messageTtlMs: number;
  readonly trimIntervalMs: number;
  readonly unservedGroups: UnservedGroups;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly order: "none" | "entity";
  readonly handlerTimeoutMs: number;
  readonly tenancy: "optional" | "required";
  readonly version: string | undefined;
  readonly announce: boolean;
  readonly healthIntervalMs: number;
  readonly leaseMs: number;
  /** Infinite when they are left alone. */
  readonly foreignIdleMs: number;
  readonly drainTimeoutMs: number;
  readonly redis: RedisConfig;
}

const UNSERVED_POLICIES: readonly UnservedGroups[] = ["keep", "expire-group", "reject-publish"];

/**
 * Reads and checks every setting.
 *
 * @throws {ConfigError} naming every bad one
 */
export function readConfig(settings: Settings, encoding: Encoding, variables: Variables): Config {
  const reader = new SettingReader(variables);
  const service = reader.text("SERVICE_NAME", settings.service);
  if (service === undefined) {
    reader.problems.push('SERVICE_NAME is not set: name this service there or in createMessaging({ service: "…" })');
  }
  const name = reader.name("SERVICE_NAME", service, "unnamed");
  const config: Config = {
    service: name,
    environment: reader.name("ENVIRONMENT", settings.environment, "development"),
    encoding: reader.oneOf("MESSAGE_ENCODING", settings.encoding, ["fields", "json"], encoding),
    group: `${name}-${reader.name("CONSUMER_GROUP_SUFFIX", settings.groupSuffix, "workers")}`,
    startFrom: settings.startFrom ?? "all",
    streamMaxLength: reader.whole("STREAM_MAX_LENGTH", settings.streamMaxLength, 1, 1e12, 10_000),
    blockTimeMs: reader.whole("STREAM_BLOCK_TIME", settings.blockTimeMs, 1, 60_000, 1000),
    batchSize: reader.whole("STREAM_BATCH_SIZE", settings.batchSize, 1, 1000, 100),
    concurrency: reader.whole("MESSAGE_CONCURRENCY", settings.concurrency, 1, 100_000, 100),
    messageTtlMs: reader.seconds("MESSAGE_TTL", settings.messageTtlSeconds, 1, 86_400),
    trimIntervalMs: reader.seconds("STREAM_TRIM_INTERVAL", settings.trimIntervalSeconds, 0.01, 10),
    unservedGroups: reader.oneOf("STREAM_UNSERVED_GROUPS", settings.unservedGroups, UNSERVED_POLICIES, "keep"),
    maxRetries: reader.whole("MESSAGE_MAX_RETRIES", settings.maxRetries, 0, 1000, 3),
    retryDelayMs: reader.seconds("MESSAGE_RETRY_DELAY", settings.retryDelaySeconds, 0, 60),
    order: settings.order ?? "none",
    handlerTimeoutMs: reader.seconds("MESSAGE_HANDLER_TIMEOUT", settings.handlerTimeoutSeconds, 0.01, 900),
    tenancy: reader.oneOf("MESSAGE_TENANCY", settings.tenancy, ["optional", "required"], "optional"),
    version: reader.text("SERVICE_VERSION", settings.version),
    announce: reader.flag("SERVICE_ANNOUNCE", settings.announce) ?? false,
    healthIntervalMs: reader.seconds("HEALTH_INTERVAL", settings.healthIntervalSeconds, 0, 0),
    leaseMs: reader.seconds("CONSUMER_LEASE", settings.leaseSeconds, 0.1, 15),
    foreignIdleMs: reader.seconds("CONSUMER_FOREIGN_IDLE", settings.foreignIdleSeconds, 0.01, Number.POSITIVE_INFINITY),
    drainTimeoutMs: reader.seconds("MESSAGE_DRAIN_TIMEOUT", settings.drainTimeoutSeconds, 0, 10),
    redis: readRedis(reader, settings.redis ?? {}),
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}
