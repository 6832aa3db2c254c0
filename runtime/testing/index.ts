// testing/ holds the contract tests and the private Redis of test suites. It may import contract/ and errors.ts.
export { assertContract, contractIssues, contractMatchers, type MatcherResult } from "./contract.js";
export { type DeepPartial, example } from "./example.js";
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
