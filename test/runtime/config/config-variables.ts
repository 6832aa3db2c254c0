import type { Config } from "../../../runtime/config/config.js";
import type { Settings } from "../../../runtime/index.js";

/** One environment variable and the option that wins over it. */
export interface Variable {
  readonly name: string;
  readonly of: (config: Config) => unknown;
  readonly byDefault: unknown;
  /** What it may say, and what that means. */
  readonly valid: readonly (readonly [text: string, value: unknown])[];
  readonly invalid: readonly string[];
  /** The same as an option, which wins. */
  readonly option: readonly [settings: Settings, value: unknown];
}

const notCounts = ["0", "-1", "1.5", "many", "1e3", "0x10", "12 13", "NaN", "Infinity"];
const notSeconds = ["-1", "soon", "1e3", "5s", "NaN", "Infinity", "99999999999999999999"];
const notNames = ["a b", "a{b}", "a:b", "ä", "a\n"];

/** Every variable that stands for itself; `REDIS_URL`, the TLS files, clusters and Sentinel work together with others. */
export const variables: readonly Variable[] = [
  {
    name: "SERVICE_NAME",
    of: ({ service }) => service,
    byDefault: "orders",
    valid: [["user-auth-service", "user-auth-service"]],
    invalid: notNames,
    option: [{ service: "by-option" }, "by-option"],
  },
  {
    name: "ENVIRONMENT",
    of: ({ environment }) => environment,
    byDefault: "development",
    valid: [["production", "production"]],
    invalid: notNames,
    option: [{ environment: "staging" }, "staging"],
  },
  {
    name: "REDIS_HOST",
    of: ({ redis }) => redis.host,
    byDefault: "redis",
    valid: [["10.0.0.1", "10.0.0.1"]],
    invalid: [],
    option: [{ redis: { host: "other" } }, "other"],
  },
  {
    name: "REDIS_PORT",
    of: ({ redis }) => redis.port,
    byDefault: 6379,
    valid: [["6380", 6380]],
    invalid: [...notCounts, "65536"],
    option: [{ redis: { port: 7000 } }, 7000],
  },
  {
    name: "REDIS_SOCKET",
    of: ({ redis }) => redis.socket,
    byDefault: undefined,
    valid: [["/run/redis.sock", "/run/redis.sock"]],
    invalid: [],
    option: [{ redis: { socket: "/run/other.sock" } }, "/run/other.sock"],
  },
  {
    name: "REDIS_DB",
    of: ({ redis }) => redis.db,
    byDefault: 0,
    valid: [
      ["0", 0],
      ["15", 15],
    ],
    invalid: ["-1", "one"],
    option: [{ redis: { db: 3 } }, 3],
  },
  {
    name: "REDIS_USERNAME",
    of: ({ redis }) => redis.username,
    byDefault: undefined,
    valid: [["app", "app"]],
    invalid: [],
    option: [{ redis: { username: "other" } }, "other"],
  },
  {
    name: "REDIS_PASSWORD",
    of: ({ redis }) => redis.password,
    byDefault: undefined,
    valid: [["a b", "a b"]],
    invalid: [],
    option: [{ redis: { password: "other" } }, "other"],
  },
  {
    name: "REDIS_TLS",
    of: ({ redis }) => redis.tls,
    byDefault: undefined,
    valid: [
      ["true", {}],
      ["YES", {}],
      ["1", {}],
      ["on", {}],
      ["false", undefined],
      ["0", undefined],
      ["no", undefined],
      ["OFF", undefined],
    ],
    invalid: ["maybe", "2", "tls"],
    option: [{ redis: { tls: { servername: "redis" } } }, { servername: "redis" }],
  },
  {
    name: "REDIS_MAX_CONNECTIONS",
    of: ({ redis }) => redis.maxConnections,
    byDefault: 20,
    valid: [["5", 5]],
    invalid: notCounts,
    option: [{ redis: { maxConnections: 7 } }, 7],
  },
  {
    name: "REDIS_CONNECTION_TIMEOUT",
    of: ({ redis }) => redis.connectionTimeoutMs,
    byDefault: 5000,
    valid: [
      ["2", 2000],
      ["0.5", 500],
    ],
    invalid: [...notSeconds, "0"],
    option: [{ redis: { connectionTimeoutSeconds: 1.5 } }, 1500],
  },
  {
    name: "REDIS_SOCKET_TIMEOUT",
    of: ({ redis }) => redis.socketTimeoutMs,
    byDefault: 5000,
    valid: [["30", 30_000]],
    invalid: [...notSeconds, "0"],
    option: [{ redis: { socketTimeoutSeconds: 1 } }, 1000],
  },
  {
    name: "STREAM_MAX_LENGTH",
    of: ({ streamMaxLength }) => streamMaxLength,
    byDefault: 10_000,
    valid: [["1000000", 1_000_000]],
    invalid: notCounts,
    option: [{ streamMaxLength: 5 }, 5],
  },
  {
    name: "DEAD_LETTER_MAX",
    of: ({ deadLettersMax }) => deadLettersMax,
    byDefault: 10_000,
    valid: [["1", 1]],
    invalid: [...notCounts, "1000000001"],
    option: [{ deadLettersMax: 5 }, 5],
  },
  {
    name: "DEAD_LETTER_TTL",
    of: ({ deadLetterTtlMs }) => deadLetterTtlMs,
    byDefault: 2_592_000_000,
    valid: [["60", 60_000]],
    invalid: [...notSeconds, "0"],
    option: [{ deadLetterTtlSeconds: 5 }, 5000],
  },
  {
    name: "STREAM_BLOCK_TIME",
    of: ({ blockTimeMs }) => blockTimeMs,
    byDefault: 1000,
    valid: [["50", 50]],
    invalid: [...notCounts, "60001"],
    option: [{ blockTimeMs: 5 }, 5],
  },
  {
    name: "STREAM_BATCH_SIZE",
    of: ({ batchSize }) => batchSize,
    byDefault: 100,
    valid: [["10", 10]],
    invalid: [...notCounts, "1001"],
    option: [{ batchSize: 5 }, 5],
  },
  {
    name: "MESSAGE_CONCURRENCY",
    of: ({ concurrency }) => concurrency,
    byDefault: 100,
    valid: [["1", 1]],
    invalid: notCounts,
    option: [{ concurrency: 5 }, 5],
  },
  {
    name: "MESSAGE_BUFFER_BYTES",
    of: ({ bufferBytes }) => bufferBytes,
    byDefault: 33_554_432,
    valid: [
      ["1", 1],
      ["1000000000000", 1e12],
    ],
    invalid: [...notCounts, "1000000000001"],
    option: [{ bufferBytes: 5 }, 5],
  },
  {
    name: "PUBLISH_BUFFER_BYTES",
    of: ({ publishBufferBytes }) => publishBufferBytes,
    byDefault: 67_108_864,
    valid: [
      ["1", 1],
      ["1000000000000", 1e12],
    ],
    invalid: [...notCounts, "1000000000001"],
    option: [{ publishBufferBytes: 5 }, 5],
  },
  {
    name: "MESSAGE_MAX_BYTES",
    of: ({ maxMessageBytes }) => maxMessageBytes,
    byDefault: 1_048_576,
    valid: [
      ["1", 1],
      ["1000000000000", 1e12],
    ],
    invalid: [...notCounts, "1000000000001"],
    option: [{ maxMessageBytes: 5 }, 5],
  },
  {
    name: "CONSUMER_GROUP_SUFFIX",
    of: ({ group }) => group,
    byDefault: "orders-workers",
    valid: [["readers", "orders-readers"]],
    invalid: notNames,
    option: [{ groupSuffix: "others" }, "orders-others"],
  },
  {
    name: "MESSAGE_TTL",
    of: ({ messageTtlMs }) => messageTtlMs,
    byDefault: 86_400_000,
    valid: [["60", 60_000]],
    invalid: [...notSeconds, "0"],
    option: [{ messageTtlSeconds: 5 }, 5000],
  },
  {
    name: "MESSAGE_MAX_RETRIES",
    of: ({ maxRetries }) => maxRetries,
    byDefault: 3,
    valid: [
      ["0", 0],
      ["10", 10],
    ],
    invalid: ["-1", "1.5", "never"],
    option: [{ maxRetries: 5 }, 5],
  },
  {
    name: "MESSAGE_RETRY_DELAY",
    of: ({ retryDelayMs }) => retryDelayMs,
    byDefault: 60_000,
    valid: [
      ["0", 0],
      ["0.25", 250],
    ],
    invalid: notSeconds,
    option: [{ retryDelaySeconds: 5 }, 5000],
  },
  {
    name: "MESSAGE_DRAIN_TIMEOUT",
    of: ({ drainTimeoutMs }) => drainTimeoutMs,
    byDefault: 10_000,
    valid: [["0", 0]],
    invalid: notSeconds,
    option: [{ drainTimeoutSeconds: 5 }, 5000],
  },
  {
    name: "MESSAGE_ENCODING",
    of: ({ encoding }) => encoding,
    byDefault: "fields",
    valid: [
      ["fields", "fields"],
      ["json", "json"],
    ],
    invalid: ["JSON", "xml"],
    option: [{ encoding: "json" }, "json"],
  },
  {
    name: "MESSAGE_HANDLER_TIMEOUT",
    of: ({ handlerTimeoutMs }) => handlerTimeoutMs,
    byDefault: 900_000,
    valid: [["0.5", 500]],
    invalid: [...notSeconds, "0"],
    option: [{ handlerTimeoutSeconds: 5 }, 5000],
  },
  {
    name: "CONSUMER_LEASE",
    of: ({ leaseMs }) => leaseMs,
    byDefault: 15_000,
    valid: [["30", 30_000]],
    invalid: [...notSeconds, "0"],
    option: [{ leaseSeconds: 5 }, 5000],
  },
  {
    name: "CONSUMER_FOREIGN_IDLE",
    of: ({ foreignIdleMs }) => foreignIdleMs,
    byDefault: Number.POSITIVE_INFINITY,
    valid: [["60", 60_000]],
    invalid: [...notSeconds, "0"],
    option: [{ foreignIdleSeconds: 5 }, 5000],
  },
  {
    name: "STREAM_TRIM_INTERVAL",
    of: ({ trimIntervalMs }) => trimIntervalMs,
    byDefault: 10_000,
    valid: [["60", 60_000]],
    invalid: [...notSeconds, "0"],
    option: [{ trimIntervalSeconds: 5 }, 5000],
  },
  {
    name: "STREAM_UNSERVED_GROUPS",
    of: ({ unservedGroups }) => unservedGroups,
    byDefault: "keep",
    valid: [
      ["keep", "keep"],
      ["expire-group", "expire-group"],
      ["reject-publish", "reject-publish"],
    ],
    invalid: ["KEEP", "drop"],
    option: [{ unservedGroups: "expire-group" }, "expire-group"],
  },
  {
    name: "MESSAGE_TENANCY",
    of: ({ tenancy }) => tenancy,
    byDefault: "optional",
    valid: [
      ["optional", "optional"],
      ["required", "required"],
    ],
    invalid: ["none"],
    option: [{ tenancy: "required" }, "required"],
  },
  {
    name: "SERVICE_VERSION",
    of: ({ version }) => version,
    byDefault: undefined,
    valid: [["1.2.3", "1.2.3"]],
    invalid: [],
    option: [{ version: "2.0.0" }, "2.0.0"],
  },
  {
    name: "SERVICE_ANNOUNCE",
    of: ({ announce }) => announce,
    byDefault: false,
    valid: [
      ["true", true],
      ["false", false],
    ],
    invalid: ["maybe"],
    option: [{ announce: true }, true],
  },
  {
    name: "HEALTH_INTERVAL",
    of: ({ healthIntervalMs }) => healthIntervalMs,
    byDefault: 0,
    valid: [
      ["0", 0],
      ["30", 30_000],
    ],
    invalid: notSeconds,
    option: [{ healthIntervalSeconds: 5 }, 5000],
  },
  {
    name: "REPLY_CHANNELS",
    of: ({ replyChannels }) => replyChannels,
    byDefault: [],
    valid: [
      ["legacy", ["legacy"]],
      ["billing:answers, their.*", ["billing:answers", "their.*"]],
    ],
    invalid: ["*", "a,,b", "a*b", "a,*", "a\nb"],
    option: [{ replyChannels: ["a", "b:*"] }, ["a", "b:*"]],
  },
];
