import { randomBytes } from "node:crypto";
import type { ValidateTokenResult } from "@m-erp/messaging";
import type { KnownUser } from "./accounts.js";

const LIFETIME_MS = 8 * 60 * 60 * 1000;

interface Session {
  readonly user: KnownUser;
  readonly expiresAt: Date;
}

/** Who is signed in, by a token that says nothing by itself. */
export class Sessions {
  readonly #byToken = new Map<string, Session>();

  open(user: KnownUser): string {
    const token = randomBytes(32).toString("base64url");
    this.#byToken.set(token, { user, expiresAt: new Date(Date.now() + LIFETIME_MS) });
    return token;
  }

  /** Whose it was, if it was anybody's. */
  close(token: string): KnownUser | undefined {
    const session = this.#byToken.get(token);
    this.#byToken.delete(token);
    return session?.user;
  }

  /** What a token is worth, as the other services are told. */
  validate(token: string): ValidateTokenResult {
    const session = this.#byToken.get(token);
    if (session === undefined || session.expiresAt <= new Date()) return { valid: false };
    const { user, expiresAt } = session;
    return { valid: true, user_id: user.id, company_id: user.company_id, expires_at: expiresAt.toISOString() };
  }
}
