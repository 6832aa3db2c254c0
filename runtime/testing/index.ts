// testing/ holds the contract tests and the private Redis of test suites. It may import contract/ and errors.ts.
export { assertContract, contractIssues, contractMatchers, type MatcherResult } from "./contract.js";
export { type DeepPartial, example } from "./example.js";
export {
  assertDeadLettered,
  assertHandled,
  assertPublished,
  assertSent,
  type MessagingMatchers,
  messagingMatchers,
} from "./messaging/assertions.js";
export type { TestBrokerOptions } from "./messaging/broker-options.js";
export { EndlessError, UnsettledError } from "./messaging/errors.js";
export { createTestMessagingFor } from "./messaging/memory-messaging.js";
export type { Observations } from "./messaging/observer.js";
export {
  type ReadRecording,
  type RecordedMessage,
  type Recording,
  readRecording,
  writeRecording,
} from "./messaging/recording.js";
export { createTestBroker } from "./messaging/shared-broker.js";
export { type StubOptions, stub } from "./messaging/stub.js";
export type { TestBroker, TestTime } from "./messaging/test-broker.js";
export type { TestMessaging, TestMessagingOptions } from "./messaging/test-messaging.js";
export type { PartOf } from "./pattern.js";
export {
  type ExternalRedis,
  type FoundRedis,
  findRedis,
  obtainRedis,
  type RedisDownload,
  type RedisIdentity,
  RedisNotFoundError,
  type RedisProgram,
  type RedisServer,
  RedisStartError,
  type RedisVersion,
  type StartRedisOptions,
  startRedis,
} from "./redis/index.js";
export { NotSurvivedError } from "./survives/error.js";
export { type MemoryState, memoryState } from "./survives/memory-state.js";
export type { IdempotencyKeys, StateSource, SurvivesOptions, World } from "./survives/options.js";
export { type Survival, survives } from "./survives/survives.js";
