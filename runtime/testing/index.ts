export { assertContract, contractIssues, contractMatchers, type MatcherResult } from "./contract.js";
export { type DeepPartial, example } from "./example.js";
export {
  type ExternalRedis,
  type FoundRedis,
  findRedis,
  obtainRedis,
  RedisNotFoundError,
  type RedisServer,
  RedisStartError,
  type StartRedisOptions,
  startRedis,
} from "./redis/index.js";
