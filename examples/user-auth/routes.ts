import {
  type Publisher,
  publishUserCreated,
  publishUserLocked,
  publishUserLoggedIn,
  publishUserLoggedOut,
  publishUserUnlocked,
} from "@m-erp/messaging";
import type { FastifyInstance } from "fastify";
import { addressOf } from "../service.js";
import { type Accounts, MOST_FAILED_ATTEMPTS, type Registration } from "./accounts.js";
import type { Sessions } from "./sessions.js";

type Credentials = Pick<Registration, "email" | "password">;

const text = { type: "string", minLength: 1, maxLength: 200 };
const credentials = { email: { ...text, format: "email" }, password: { ...text, minLength: 8 } };
const names = { first_name: text, last_name: text };

/** Registration, sign-in and sign-out. Each event is published before the request is answered. */
export function accountRoutes(
  app: FastifyInstance,
  messaging: Publisher,
  { accounts, sessions }: { readonly accounts: Accounts; readonly sessions: Sessions },
): void {
  const registration = {
    type: "object",
    properties: { ...credentials, ...names },
    required: ["email", "password", "first_name"],
    additionalProperties: false,
  };
  app.post<{ Body: Registration }>("/register", { schema: { body: registration } }, async (request, reply) => {
    const user = await accounts.register(request.body);
    if (user === undefined) return reply.code(409).send({ error: "There is an account with this address." });
    await publishUserCreated(messaging, {
      entity_id: user.id,
      company_id: user.company_id,
      after_data: user,
      metadata: { source: "registration" },
    });
    return reply.code(201).send(user);
  });

  const login = {
    type: "object",
    properties: credentials,
    required: ["email", "password"],
    additionalProperties: false,
  };
  app.post<{ Body: Credentials }>("/login", { schema: { body: login } }, async (request, reply) => {
    const signIn = await accounts.signIn(request.body.email, request.body.password);
    if (signIn.outcome === "refused") return reply.code(401).send({ error: "The address or the password is wrong." });
    const { user } = signIn;
    const who = { entity_id: user.id, company_id: user.company_id };
    if (signIn.outcome === "locked") {
      const locked_until = signIn.until.toISOString();
      if (signIn.justNow) {
        await publishUserLocked(messaging, {
          ...who,
          after_data: {
            reason: "too_many_failed_logins",
            failed_attempts: MOST_FAILED_ATTEMPTS,
            ip_address: addressOf(request),
            locked_until,
          },
        });
      }
      return reply.code(423).send({ error: "The account is locked after too many failed attempts.", locked_until });
    }
    if (signIn.unlocked) await publishUserUnlocked(messaging, { ...who, after_data: { reason: "lock_expired" } });
    await publishUserLoggedIn(messaging, {
      ...who,
      user_id: user.id,
      after_data: {
        ip_address: addressOf(request),
        login_method: "password",
        ...(request.headers["user-agent"] ? { user_agent: request.headers["user-agent"] } : {}),
      },
    });
    const token = sessions.open(user);
    reply.header("set-cookie", `token=${token}; Path=/; HttpOnly; SameSite=Strict`);
    return { token, user };
  });

  app.post("/logout", async (request, reply) => {
    const user = sessions.close(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
    if (user !== undefined) {
      const { id, company_id } = user;
      await publishUserLoggedOut(messaging, { entity_id: id, company_id, user_id: id, after_data: { reason: "user" } });
    }
    return reply.header("set-cookie", "token=; Path=/; Max-Age=0").code(204).send();
  });
}
