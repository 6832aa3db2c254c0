import type { RedisConfig, RedisCredentials } from "../config/redis-config.js";
import type { TlsOptions } from "../config/redis-tls.js";
import { type Clock, LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import { within } from "../time/limit.js";

/** The share of their lifetime after which credentials are asked for again. */
const RENEWED_AFTER = 0.75;
/** How long to wait after the provider has failed to renew them: a part of their lifetime. */
const REPEATED_AFTER = 0.05;

/** A function of the service could not give what it was asked for. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
}

function providerError(option: string, error: unknown): ProviderError {
  const why = error instanceof Error ? error.message : String(error);
  return new ProviderError(`redis.${option} failed: ${why}`, { cause: error });
}

/**
 * The TLS options for an attempt to connect, where code gives them.
 * @throws {ProviderError} when it throws or takes too long
 */
export async function askedTls(
  { askTls, connectionTimeoutMs }: RedisConfig,
  clock: Clock,
): Promise<TlsOptions | undefined> {
  if (askTls === undefined) return undefined;
  return within(connectionTimeoutMs, clock, askTls).catch((error: unknown) => {
    throw providerError("tls", error);
  });
}

/** The credentials of all connections with one configuration. They are asked for once, and again before they expire. */
export class CredentialSource {
  readonly #provide: NonNullable<RedisConfig["credentials"]>;
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #renewed = new Set<(credentials: RedisCredentials) => void>();
  /** Those that are being asked for, or that hold still. */
  #given: Promise<RedisCredentials> | undefined;
  #renewal: Timer | undefined;

  constructor(provide: NonNullable<RedisConfig["credentials"]>, limitMs: number, clock: Clock) {
    this.#provide = provide;
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  /** @throws {ProviderError} when the provider throws, gives no password or takes too long */
  get(): Promise<RedisCredentials> {
    this.#given ??= this.#ask();
    return this.#given;
  }

  /**
   * Redis has refused them: the next call asks again.
   * @param refused - which of them, where others may have replaced them meanwhile
   */
  forget(refused: Promise<RedisCredentials> | undefined = this.#given): void {
    if (refused === this.#given) this.#given = undefined;
  }

  /** Calls back with credentials that replace those in use. Returns what ends that. */
  onRenewed(call: (credentials: RedisCredentials) => void): () => void {
    this.#renewed.add(call);
    return () => {
      this.#renewed.delete(call);
      if (this.#renewed.size > 0) return;
      this.#renewal?.cancel();
      this.#given = undefined;
    };
  }

  async #ask(): Promise<RedisCredentials> {
    try {
      const given = await within(this.#limitMs, this.#clock, this.#provide);
      if (typeof given?.password !== "string" || given.password === "") throw new Error("they hold no password");
      const { expiresInSeconds } = given;
      // Without an end nobody knows how long they hold.
      if (expiresInSeconds === undefined) this.#given = undefined;
      else this.#renewAfter(expiresInSeconds * 1000 * RENEWED_AFTER, expiresInSeconds * 1000);
      return given;
    } catch (error) {
      this.#given = undefined;
      throw providerError("credentials", error);
    }
  }

  #renewAfter(ms: number, lifetimeMs: number): void {
    this.#renewal?.cancel();
    const renew = (): void => {
      this.#given = undefined;
      if (this.#renewed.size === 0) return;
      this.get().then(
        (credentials) => {
          for (const call of [...this.#renewed]) call(credentials);
        },
        // A connection that is opened meanwhile says why it cannot be.
        () => this.#renewAfter(lifetimeMs * REPEATED_AFTER, lifetimeMs),
      );
    };
    this.#renewal = this.#clock.after(Math.max(1, Math.min(LONGEST_TIMER_MS, ms)), renew).unref();
  }
}

const sources = new WeakMap<RedisConfig, CredentialSource>();

/** The source that all connections of a configuration share; `undefined` if it has fixed credentials. */
export function credentialSourceOf(config: RedisConfig, clock: Clock): CredentialSource | undefined {
  const { credentials, connectionTimeoutMs } = config;
  if (credentials === undefined) return undefined;
  const source = sources.get(config) ?? new CredentialSource(credentials, connectionTimeoutMs, clock);
  sources.set(config, source);
  return source;
}
