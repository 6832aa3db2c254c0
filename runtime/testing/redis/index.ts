export type { ExternalRedis } from "./configured.js";
export { type FoundRedis, findRedis } from "./find.js";
export { RedisNotFoundError } from "./not-found.js";
export { obtainRedis } from "./obtain.js";
export type { RedisDownload } from "./package.js";
export type { RedisProgram } from "./program.js";
export { type RedisServer, RedisStartError } from "./server.js";
export { type StartRedisOptions, startRedis } from "./start.js";
export type { RedisIdentity, RedisVersion } from "./version.js";
