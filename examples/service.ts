import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { initMessaging, type Messaging, shutdownMessaging, withCorrelation } from "@m-erp/messaging";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";

/** A service is its routes and its handlers. */
export type Service = (app: FastifyInstance, messaging: Messaging) => void;

/**
 * Runs a service and resolves when a signal has ended it: HTTP on `PORT` (a free one by default) of this machine alone,
 * messaging as the environment says.
 */
export async function runService(name: string, service: Service): Promise<void> {
  const app = createApp();
  const messaging = await initMessaging({ service: name, handlers: (messaging) => service(app, messaging) });
  app.get("/ready", async (_request, reply) => {
    const health = await messaging.health();
    return reply.code(health.status === "healthy" ? 200 : 503).send(health);
  });
  const url = await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 0) });
  console.log(`listens on ${url}, process ${process.pid}`);

  // Who started it as a child is told where it listens, and takes it along when it goes.
  process.send?.({ url });
  process.channel?.unref();
  await Promise.race(["SIGTERM", "SIGINT", "disconnect"].map((occasion) => once(process, occasion)));

  // No new requests first, then messaging: what a request publishes on its way out is not lost.
  await app.close();
  await shutdownMessaging();
}

function createApp(): FastifyInstance {
  const app = Fastify({
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    requestIdHeader: "x-correlation-id",
    trustProxy: "127.0.0.1",
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-correlation-id", request.id);
  });
  // Not before the body is read: parsers go on outside of what called them.
  app.addHook("preHandler", (request, _reply, done) => {
    const { traceparent, tracestate } = textHeaders(request);
    withCorrelation({ correlationId: request.id, traceparent, tracestate }, done);
  });
  return app;
}

/** Whose request it is, as the API gateway found out. Nobody else can reach the services behind it. */
export function callerOf(request: FastifyRequest): { readonly user_id?: number; readonly company_id?: number } {
  const { "x-user-id": user, "x-company-id": company } = textHeaders(request);
  return {
    ...(user === undefined ? {} : { user_id: Number(user) }),
    ...(company === undefined ? {} : { company_id: Number(company) }),
  };
}

/** The headers that stand in a request once. */
export function textHeaders(request: FastifyRequest): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(request.headers).filter(([, value]) => typeof value === "string")) as Record<
    string,
    string
  >;
}
