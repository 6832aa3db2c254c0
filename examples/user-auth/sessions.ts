import { randomBytes } from "node:crypto";
import type { ValidateTokenResult } from "@m-erp/messaging";
import type { KnownUser } from "./accounts.js";

const LIFETIME_MS = 8 * 60 * 60 * 1000;

interface Session {
  readonly user: KnownUser;
  readonly expiresAt: Date;
}

/** The signed-in users by token. A token contains no information of its own. */
export class Sessions {
  readonly #byToken = new Map<string, Session>();

  open(user: KnownUser): string {
    const token = randomBytes(32).toString("base64url");
    this.#byToken.set(token, { user, expiresAt: new Date(Date.now() + LIFETIME_MS) });
    return token;
  }

  /** Ends the session of a token. Returns its user, or `undefined` for an unknown token. */
  close(token: string): KnownUser | undefined {
    const session = this.#byToken.get(token);
    this.#byToken.delete(token);
    return session?.user;
  }

  /** Checks a token. The result is the answer to the `validate_token` command. */
  validate(token: string): ValidateTokenResult {
    const session = this.#byToken.get(token);
    if (session === undefined || session.expiresAt <= new Date()) return { valid: false };
    const { user, expiresAt } = session;
    return { valid: true, user_id: user.id, company_id: user.company_id, expires_at: expiresAt.toISOString() };
  }
}
