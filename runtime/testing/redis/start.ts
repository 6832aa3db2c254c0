import { randomInt } from "node:crypto";

import { findPrivateProgram } from "./find.js";
import { PrivateRedis, portAttempts, type RedisServer } from "./server.js";
import { type RedisVersion, wantedVersion } from "./version.js";

export interface StartRedisOptions {
  /**
   * More arguments for the server; the last of two wins. As a function it is given the port that was chosen;
   * `port + 10000` may be used beside it (for TLS, say, or a cluster's bus).
   */
  readonly arguments?: readonly string[] | ((port: number) => readonly string[]);
  /** @defaultValue `TEST_REDIS_VERSION` of the environment, else `"any"` */
  readonly version?: RedisVersion;
  /**
   * Writes every change to disk before it answers, so that nothing answered is lost by {@link RedisServer.kill}.
   *
   * @defaultValue `false`: all in memory
   */
  readonly persistent?: boolean;
  /** A port of your choice. @defaultValue a free one */
  readonly port?: number;
  /** Files by name, written before the start into the server's folder, which is its working directory. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Above the well-known ports, and `port + 10000` below those that systems hand out to clients. */
const ports = { from: 10_000, below: 22_000 };

/**
 * Starts a private Redis or Valkey: found on this system or, on Debian and Ubuntu, obtained without root.
 * It ends with this process, whatever ends that, leaves nothing behind, and does not keep Node from exiting.
 *
 * @throws RedisNotFoundError when there is no server to run; its message names the command that installs one
 * @throws RedisStartError when the server refuses to run, a bad argument being the usual reason
 * @example
 * ```ts
 * await using redis = await startRedis();
 * const client = new Redis(redis.url);
 * ```
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const program = await findPrivateProgram(process.env, options.version ?? wantedVersion(process.env));
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? randomInt(ports.from, ports.below);
    const server = new PrivateRedis(program, {
      port,
      arguments: typeof options.arguments === "function" ? options.arguments(port) : (options.arguments ?? []),
      persistent: options.persistent ?? false,
      files: options.files ?? {},
    });
    try {
      await server.launch();
      return server;
    } catch (error) {
      await server.stop();
      if (!server.portTaken || options.port !== undefined || attempt === portAttempts) {
        throw error;
      }
    }
  }
}
