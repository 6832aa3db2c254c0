import type { IncomingMessage, ServerResponse } from "node:http";
import type { Catalogue } from "../contract/descriptor.js";
import type { OperationsOptions } from "../operations/operator.js";
import { DashboardHandler } from "./handler.js";
import { RedisSource } from "./source/redis-source.js";

/** Settings of a dashboard. Redis is that of the services, read from the same variables. */
export interface DashboardOptions extends OperationsOptions {
  /** The messages, by which entries are read and masked: the generated `catalogue`. */
  readonly catalogue: Pick<Catalogue, "messages">;
  /** The path under which it is mounted, as browsers see it: `/ops/messaging`. @defaultValue none */
  readonly path?: string;
  /**
   * Whoever has it may read and change: redrive, discard, pause. At least 16 characters. Without one everyone whom it lets in
   * may read, and nobody may change anything.
   */
  readonly token?: string | undefined;
  /** Only changes need the token. @defaultValue false */
  readonly openReading?: boolean;
  /**
   * The names of hosts, without a port, under which browsers may ask for it. Another site can give its own name this address,
   * so a dashboard that reads without the token has to know its own.
   * @defaultValue those of this machine (`localhost`, `127.0.0.1`, `[::1]`); any where reading needs the token
   */
  readonly hosts?: readonly string[];
  /** Called with an error that this package does not know. The page does not show it. @defaultValue console.error */
  readonly onError?: (error: unknown) => void;
}

/** A page for operators, as a handler of requests. It reads Redis only while somebody looks. */
export interface Dashboard extends AsyncDisposable {
  /** Answers a request whose address has the whole path, for Hono, Next and all that know `Request` and `Response`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** The same for Node's own server, Express and Fastify. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Closes its connection to Redis. */
  close(): Promise<void>;
}

/**
 * Makes a dashboard. It connects at the first request.
 *
 * @throws {ConfigError} naming every bad setting
 * @example
 * import { createDashboard } from "@m-erp/messaging/dashboard";
 *
 * const dashboard = createDashboard({ catalogue, path: "/ops", token: process.env["DASHBOARD_TOKEN"] });
 * app.use("/ops", dashboard.handle); // Express
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { catalogue, path, token, openReading, hosts, onError, ...operations } = options;
  const source = new RedisSource(catalogue.messages, operations);
  const { fetch, handle } = new DashboardHandler(source, { path, token, openReading, hosts, onError });
  const close = (): Promise<void> => source[Symbol.asyncDispose]();
  return { fetch, handle, close, [Symbol.asyncDispose]: close };
}
