import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { initMessaging, type Messaging, shutdownMessaging, withCorrelation } from "@m-erp/messaging";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";

/** The settings of a service's HTTP. */
export interface HttpOptions {
  /**
   * The proxy in front of the service, whose header says who its client is. Anyone else could write anything there.
   * @defaultValue the API gateway of this machine
   */
  readonly trustProxy?: string | false;
}

/** Registers the routes and handlers of a service. */
export type Service = (app: FastifyInstance, messaging: Messaging) => void;

/**
 * Runs a service and resolves when a signal has ended it. HTTP listens on `PORT` (a free one by default), only on this
 * machine. The environment configures messaging.
 */
export async function runService(name: string, service: Service, options: HttpOptions = {}): Promise<void> {
  const app = createApp(options);
  const messaging = await initMessaging({ service: name, handlers: (messaging) => service(app, messaging) });
  app.get("/ready", async (_request, reply) => {
    const health = await messaging.health();
    return reply.code(health.status === "healthy" ? 200 : 503).send(health);
  });
  const url = await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 0) });
  console.log(`listens on ${url}, process ${process.pid}`);

  // A parent process receives the address. The service ends when the parent disconnects.
  process.send?.({ url });
  process.channel?.unref();
  await Promise.race(["SIGTERM", "SIGINT", "disconnect"].map((occasion) => once(process, occasion)));

  // Stop HTTP first and messaging last, so that messages published by the last requests are not lost.
  await app.close();
  await shutdownMessaging();
}

function createApp({ trustProxy = "127.0.0.1" }: HttpOptions): FastifyInstance {
  const app = Fastify({
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    requestIdHeader: "x-correlation-id",
    trustProxy,
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-correlation-id", request.id);
  });
  // In preHandler, after the body is read: parsers continue outside the async context of their caller.
  app.addHook("preHandler", (request, _reply, done) => {
    const { traceparent, tracestate } = textHeaders(request);
    withCorrelation({ correlationId: request.id, traceparent, tracestate }, done);
  });
  return app;
}

/** The caller of a request, as determined by the API gateway. Only the gateway can reach the services behind it. */
export function callerOf(request: FastifyRequest): { readonly user_id?: number; readonly company_id?: number } {
  const { "x-user-id": user, "x-company-id": company } = textHeaders(request);
  return {
    ...(user === undefined ? {} : { user_id: Number(user) }),
    ...(company === undefined ? {} : { company_id: Number(company) }),
  };
}

/** The address of the client: what the proxy says, if that is an address at all; null when it is not known. */
export function addressOf({ ip }: FastifyRequest): string | null {
  return isIP(ip) === 0 ? null : ip;
}

/** The headers that occur once in a request. */
export function textHeaders(request: FastifyRequest): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(request.headers).filter(([, value]) => typeof value === "string")) as Record<
    string,
    string
  >;
}
