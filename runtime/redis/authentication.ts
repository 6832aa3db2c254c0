import type { Redis } from "ioredis";
import type { RedisCredentials } from "../config/redis-config.js";
import { authOf } from "./client.js";
import type { CredentialSource } from "./credentials.js";

/** The connection that is authenticated. */
interface Authenticated {
  readonly client: Redis;
  readonly isReady: boolean;
  /** Whether the reply to a read must be the next one, so that nothing is sent but between two reads. */
  readonly isDedicated: boolean;
  renew(): void;
}

/** Keeps a connection authenticated with credentials that expire. */
export class Authentication {
  readonly #connection: Authenticated;
  readonly #source: CredentialSource | undefined;
  readonly #endRenewal: (() => void) | undefined;
  /** How often Redis has refused the credentials since it accepted them. */
  #refusals = 0;
  #due: RedisCredentials | undefined;

  constructor(connection: Authenticated, source: CredentialSource | undefined) {
    this.#connection = connection;
    this.#source = source;
    this.#endRenewal = source?.onRenewed((renewed) => this.#renewed(renewed));
  }

  /** Whether a connection that reads is to {@link renew} before its next read. */
  get isDue(): boolean {
    return this.#due !== undefined;
  }

  /** Authenticates with the renewed credentials. On a connection that reads: between two reads. */
  async renew(): Promise<void> {
    const due = this.#due;
    this.#due = undefined;
    const { client, isReady } = this.#connection;
    if (due === undefined || !isReady) return;
    // Whoever cannot be authenticated again is after a reconnect, which asks for credentials anew.
    await client.auth(...authOf(due)).catch(() => this.#connection.renew());
  }

  /** Redis has let it in. */
  accepted(): void {
    this.#refusals = 0;
    this.#due = undefined;
  }

  /** Redis has not let it in. Returns whether there is no hope: credentials that were renewed elsewhere may do where the last did not. */
  refused(): boolean {
    this.#source?.forget();
    return ++this.#refusals > 1 || this.#source === undefined;
  }

  end(): void {
    this.#endRenewal?.();
  }

  #renewed(credentials: RedisCredentials): void {
    if (!this.#connection.isReady) return;
    this.#due = credentials;
    if (!this.#connection.isDedicated) void this.renew();
  }
}
