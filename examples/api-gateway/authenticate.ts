import { CommandTimeoutError, MessagingError, type Sender, sendValidateToken } from "@m-erp/messaging";
import type { FastifyReply, FastifyRequest } from "fastify";

const PATIENCE_SECONDS = 2;

declare module "fastify" {
  interface FastifyRequest {
    /** The user who sent the request; `undefined` on public routes. */
    caller: Caller | undefined;
  }
}

/** The owner of a token. */
export interface Caller {
  readonly user_id: number;
  readonly company_id?: number;
}

/** Admits only requests with a valid token. The service that issued the token checks it. */
export function authenticate(messaging: Sender): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const token = tokenOf(request);
    if (token === undefined) return reply.code(401).send({ error: "Sign in first." });
    try {
      const answer = await sendValidateToken(messaging, { token }, { timeoutSeconds: PATIENCE_SECONDS });
      const { valid, user_id, company_id } = answer;
      if (!valid || user_id === undefined) return reply.code(401).send({ error: "The token is not valid (any more)." });
      request.caller = { user_id, ...(company_id === undefined ? {} : { company_id }) };
      return undefined;
    } catch (error) {
      if (error instanceof CommandTimeoutError) return reply.code(504).send({ error: "Nobody could say who you are." });
      if (!(error instanceof MessagingError)) throw error;
      return reply.code(503).header("retry-after", PATIENCE_SECONDS).send({ error: "Try again in a moment." });
    }
  };
}

/** Reads the token from the header that programs send, or from the cookie that browsers send. */
export function tokenOf({ headers }: Pick<FastifyRequest, "headers">): string | undefined {
  const [, bearer] = /^Bearer (\S+)$/.exec(headers.authorization ?? "") ?? [];
  const [, cookie] = /(?:^|; )token=([^;]+)/.exec(headers.cookie ?? "") ?? [];
  return bearer ?? cookie;
}
