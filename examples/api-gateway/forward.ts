import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { FastifyReply, FastifyRequest } from "fastify";
import { textHeaders } from "../service.js";
import { tokenOf } from "./authenticate.js";

const PASSED_ON = ["accept", "content-type", "last-event-id", "traceparent", "tracestate", "user-agent"];
const PASSED_BACK = [
  ...["cache-control", "content-type", "set-cookie"],
  ...["content-security-policy", "referrer-policy", "x-content-type-options"],
];

/**
 * Forwards a request to a service behind the gateway, and streams the response back. Several replicas take turns, and a
 * replica that is gone is skipped.
 */
export function forwardTo(
  replicas: readonly string[],
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  let turn = 0;
  return async (request, reply) => {
    turn++;
    for (const at of replicas.keys()) {
      const replica = replicas[(turn + at) % replicas.length] as string;
      try {
        return await pass(request, reply, replica);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    return reply.code(502).send({ error: "The service behind is not there." });
  };
}

async function pass(request: FastifyRequest, reply: FastifyReply, replica: string): Promise<unknown> {
  const response = await fetch(new URL(request.url, replica), {
    method: request.method,
    headers: headersFor(request),
    body: request.body === undefined || request.body === null ? null : JSON.stringify(request.body),
  });
  reply.code(response.status);
  for (const name of PASSED_BACK) {
    const value = response.headers.get(name);
    if (value !== null) reply.header(name, value);
  }
  return reply.send(response.body === null ? undefined : Readable.fromWeb(response.body as ReadableStream));
}

/** The headers to forward. A client cannot set its own identity: those headers are not forwarded. */
function headersFor(request: FastifyRequest): Record<string, string> {
  const given = Object.entries(textHeaders(request)).filter(([name]) => PASSED_ON.includes(name));
  const token = tokenOf(request);
  const { user_id, company_id } = request.caller ?? {};
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    "x-correlation-id": request.id,
    "x-forwarded-for": request.ip,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(user_id === undefined ? {} : { "x-user-id": String(user_id) }),
    ...(company_id === undefined ? {} : { "x-company-id": String(company_id) }),
  };
}

function isGone(error: unknown): boolean {
  const cause = error instanceof TypeError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === "ECONNREFUSED";
}
