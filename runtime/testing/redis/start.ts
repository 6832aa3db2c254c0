import { randomInt } from "node:crypto";

import { findPrivateProgram } from "./find.js";
import type { RedisDownload } from "./package.js";
import { PrivateRedis, portAttempts, type RedisServer } from "./server.js";
import { type RedisVersion, wantedVersion } from "./version.js";

export interface StartRedisOptions {
  /**
   * More arguments for the server; the last one of two wins. A function receives the chosen port, and may also use
   * `port + 10000`, for example for TLS or a cluster's bus.
   *
   * @defaultValue none
   */
  readonly arguments?: readonly string[] | ((port: number) => readonly string[]);
  /** @defaultValue `TEST_REDIS_VERSION` of the environment, else `"any"` */
  readonly version?: RedisVersion;
  /**
   * Writes every change to disk before it answers, so that {@link RedisServer.kill} loses no confirmed change.
   *
   * @defaultValue `false`: data are in memory only
   */
  readonly persistent?: boolean;
  /** The port to listen on. @defaultValue a free one */
  readonly port?: number;
  /**
   * Called before a package is downloaded, which may take a minute. Not called if this process has begun that already.
   *
   * @defaultValue nothing is told
   */
  readonly onDownload?: (download: RedisDownload) => void;
  /** Files by name, written into the server's working directory before the start. @defaultValue none */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * One of the files, to start the server with. A sentinel needs one, since it keeps what it finds out in it.
   *
   * @defaultValue none
   */
  readonly configFile?: string;
}

/** Above the well-known ports, with `port + 10000` below the ports that systems assign to clients. */
const ports = { from: 10_000, below: 22_000 };

/**
 * Starts a private Redis or Valkey. The program is found on this system or, on Debian and Ubuntu, downloaded without
 * root. The server ends with this process, even on SIGKILL, leaves nothing behind, and does not keep Node from exiting.
 *
 * @throws RedisNotFoundError when there is no server to run; its message names the command that installs one
 * @throws RedisStartError when the server does not start, usually because of a bad argument
 * @example
 * ```ts
 * await using redis = await startRedis();
 * const client = new Redis(redis.url);
 * ```
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const program = await findPrivateProgram(
    process.env,
    options.version ?? wantedVersion(process.env),
    options.onDownload,
  );
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? randomInt(ports.from, ports.below);
    const server = new PrivateRedis(program, {
      port,
      arguments: typeof options.arguments === "function" ? options.arguments(port) : (options.arguments ?? []),
      persistent: options.persistent ?? false,
      files: options.files ?? {},
      ...(options.configFile !== undefined && { configFile: options.configFile }),
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
