import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { User } from "@m-erp/messaging";

/** The data with which a new user registers. */
export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly first_name: string;
  readonly last_name?: string;
}

/** The company of everyone who registers. Which company somebody belongs to is nothing that a client may say. */
const COMPANY_ID = 1;

/** The part of an account that other services may see. The password hash does not leave this file. */
export type KnownUser = User & { readonly id: number; readonly company_id: number };

interface Account {
  readonly user: KnownUser;
  readonly salt: Buffer;
  readonly hash: Buffer;
  failedAttempts: number;
  lockedUntil: Date | undefined;
}

/** The outcome of an attempt to sign in. */
export type SignIn =
  | { readonly outcome: "welcome"; readonly user: KnownUser; readonly unlocked: boolean }
  | { readonly outcome: "refused" }
  | { readonly outcome: "locked"; readonly user: KnownUser; readonly until: Date; readonly justNow: boolean };

export const MOST_FAILED_ATTEMPTS = 5;

const LOCK_MS = Number(process.env["LOCK_SECONDS"] ?? 900) * 1000;
const hashOf = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;

/** All accounts, kept in memory. A different store would change only this file. */
export class Accounts {
  readonly #byEmail = new Map<string, Account>();
  #lastId = 0;

  /** Creates an account. Returns `undefined` if the address already has one. */
  async register({ email, password, first_name, last_name }: Registration): Promise<KnownUser | undefined> {
    const salt = randomBytes(16);
    const hash = await hashOf(password, salt, 32);
    if (this.#byEmail.has(email)) return undefined;
    this.#lastId++;
    // Each property by its name: with all that a client sent, one could send the id of somebody else.
    const names = { first_name, ...(last_name === undefined ? {} : { last_name }) };
    const account = { company_id: COMPANY_ID, created_at: new Date().toISOString() };
    const user = { id: this.#lastId, email, ...names, ...account };
    this.#byEmail.set(email, { user, salt, hash, failedAttempts: 0, lockedUntil: undefined });
    return user;
  }

  /** Too many wrong passwords lock the account for a while. The right password is then refused too. */
  async signIn(email: string, password: string): Promise<SignIn> {
    const account = this.#byEmail.get(email);
    // Unknown addresses take the same time, so that the duration does not reveal whether an account exists.
    if (account === undefined) return hashOf(password, randomBytes(16), 32).then(() => ({ outcome: "refused" }));
    const unlocked = account.lockedUntil !== undefined && account.lockedUntil <= new Date();
    if (unlocked) forgive(account);
    if (account.lockedUntil !== undefined) return lockedOut(account, account.lockedUntil, false);

    // Counted before the password is checked, so that parallel attempts cannot exceed the limit.
    account.failedAttempts++;
    const tooMany = account.failedAttempts > MOST_FAILED_ATTEMPTS;
    const right = timingSafeEqual(await hashOf(password, account.salt, 32), account.hash);
    if (account.lockedUntil !== undefined) return lockedOut(account, account.lockedUntil, false);
    if (right && !tooMany) {
      forgive(account);
      return { outcome: "welcome", user: account.user, unlocked };
    }
    if (account.failedAttempts < MOST_FAILED_ATTEMPTS) return { outcome: "refused" };
    account.lockedUntil = new Date(Date.now() + LOCK_MS);
    return lockedOut(account, account.lockedUntil, true);
  }
}

function forgive(account: Account): void {
  account.failedAttempts = 0;
  account.lockedUntil = undefined;
}

function lockedOut({ user }: Account, until: Date, justNow: boolean): SignIn {
  return { outcome: "locked", user, until, justNow };
}
