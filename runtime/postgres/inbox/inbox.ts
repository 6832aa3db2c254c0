import { contractOf } from "../../contract/contract.js";
import type { CommandDescriptor, Descriptor } from "../../contract/descriptor.js";
import type { Sealing } from "../../contract/sealing.js";
import { ConfigError, MessagingError } from "../../errors.js";
import { type ReplayParts, replayPartsOf } from "../../handle/replayable.js";
import type { Extension } from "../../messaging/extension.js";
import type { MessageContext } from "../../messaging/handler.js";
import type { HandleCall, Interceptor } from "../../messaging/interceptor.js";
import { repeatingConflicts } from "../conflict.js";
import type { Queryable } from "../database.js";
import { assertMigrated } from "../migrate.js";
import { isUnprepared } from "../prepared.js";
import { reached } from "../reached.js";
import { type Transactional, type TransactionOf, type Transactions, transactionsOf } from "../transactions.js";
import { assertOwner } from "./fence.js";
import { Keeping } from "./keeping.js";
import { openedAnswer, sealedAnswer } from "./kept-answer.js";
import { writeAnswer, writeNote } from "./note.js";
import { Waiting } from "./waiting.js";

/** Options of an inbox. */
export interface InboxOptions {
  /**
   * The messages whose handlers run in a transaction. Handlers of others, which call a slow service for example, hold no
   * connection. @defaultValue all
   */
  readonly only?: readonly Pick<Descriptor, "type">[];
  /**
   * Seconds that it is remembered at least that a message was handled. A smaller number than the default is refused.
   * @defaultValue `MESSAGE_TTL` + `DEAD_LETTER_TTL` + the time of all retries
   */
  readonly keepSeconds?: number;
}

/** Has handlers run in a transaction, once for each message. */
export interface Inbox<Tx> extends Extension {
  /** The database in which handlers run, for work besides. */
  readonly transactions: Transactions<Tx>;
  /**
   * The transaction in which the handlers of a delivery run. It is committed when all of them have succeeded.
   * @throws {ConfigError} they run in none: the messaging has another inbox or none, `only` excludes the message, or the
   * handlers have ended
   * @example
   * onUserCreated(messaging, async ({ entity_id }, context) => {
   *   await inbox.transactionOf(context).query("INSERT INTO credit VALUES ($1, 1000)", [entity_id]);
   * });
   */
  transactionOf(context: MessageContext): Tx;
}

/**
 * Makes what handlers write into PostgreSQL happen exactly once, however often their message is delivered. All handlers of a
 * delivery run in one transaction, together with a note that they ran. A message that has a note is acknowledged, and a
 * command is given the same answer again. If a handler fails, nothing remains, and the message is retried. Call `migrate` once,
 * which creates the table.
 * @param database - a `pg.Pool`, a `PGlite`, or `fromDrizzle(db)`, `fromKysely(db)`, `fromKnex(knex)`, `fromPrisma(prisma)`
 * @example
 * const inbox = createInbox(pool);
 * const messaging = createMessaging({ service: "credit-service", extensions: [inbox] });
 * onUserCreated(messaging, async ({ entity_id }, context) => {
 *   const tx = inbox.transactionOf(context);
 *   await tx.query("INSERT INTO credit VALUES ($1, 1000)", [entity_id]);
 * });
 */
export function createInbox<Source extends Transactional>(
  database: Source,
  options: InboxOptions = {},
): Inbox<TransactionOf<Source>> {
  return new PostgresInbox(transactionsOf(database), options);
}

class PostgresInbox<Tx> implements Inbox<Tx> {
  readonly transactions: Transactions<Tx>;
  readonly #options: InboxOptions;
  readonly #open = new WeakMap<MessageContext, Tx>();
  /** Whether the tables were found to be those of this release. */
  #isMigrated = false;
  /** Until a pooler shows that prepared statements are lost between two transactions. */
  #prepares = true;

  constructor(transactions: Transactions<Tx>, options: InboxOptions) {
    this.transactions = transactions;
    this.#options = options;
  }

  extend(): ReturnType<Extension["extend"]> {
    const { only, keepSeconds } = this.#options;
    const types = only === undefined ? undefined : new Set(only.map(({ type }) => type));
    let waiting = new Waiting();
    let sealing: Sealing | undefined;
    const interceptor: Interceptor = (call, next) => {
      if (call.operation !== "handle" || types?.has(call.descriptor.type) === false) return next();
      return this.#handle(call, next, waiting, sealing);
    };
    const transactions = this.transactions as Transactions<unknown>;
    return {
      interceptors: [interceptor],
      starting: () => this.#assertMigrated(),
      attach: (messaging) => {
        const { config, hooks, sealing: ownSealing } = replayPartsOf(messaging) as ReplayParts;
        waiting = new Waiting(config, hooks.trouble);
        sealing = ownSealing;
        const endKeeping = new Keeping(messaging, transactions, keepSeconds).begin();
        return () => {
          endKeeping();
          waiting.stop();
        };
      },
    };
  }

  transactionOf(context: MessageContext): Tx {
    const tx = this.#open.get(context);
    if (tx !== undefined) return tx;
    throw new ConfigError([
      `no transaction is open for ${context.type}: pass the inbox to createMessaging({ extensions: [inbox] }), name the message in ` +
        "its option only, and use the transaction before the handler ends",
    ]);
  }

  /** A service that could write no note would make a dead letter of each message. */
  async #assertMigrated(): Promise<void> {
    const { transactions } = this;
    const asked = transactions.transaction((tx) => assertMigrated(transactions.queryable(tx)));
    await reached(asked, "inbox");
    this.#isMigrated = true;
  }

  async #handle(
    call: HandleCall,
    next: () => Promise<unknown>,
    waiting: Waiting,
    sealing: Sealing | undefined,
  ): Promise<unknown> {
    try {
      return await waiting.through(call.context, (begin) => {
        let hasBegun = false;
        const run = (): Promise<unknown> => {
          begin();
          hasBegun = true;
          return next();
        };
        const attempt = (): Promise<unknown> =>
          this.transactions
            .transaction((tx) => this.#within(tx, call, run, sealing))
            .catch((thrown: unknown) => {
              if (!this.#prepares || hasBegun || !isUnprepared(thrown)) throw thrown;
              this.#prepares = false;
              return attempt();
            });
        return repeatingConflicts(attempt);
      });
    } catch (thrown) {
      if (thrown instanceof Refused) return thrown.refusedResult();
      throw thrown;
    } finally {
      this.#open.delete(call.context);
    }
  }

  async #within(
    tx: Tx,
    { descriptor, context }: HandleCall,
    next: () => Promise<unknown>,
    sealing: Sealing | undefined,
  ): Promise<unknown> {
    const { queryable, prepared, confirmsCommit } = this.transactions;
    const db = queryable(tx);
    if (!this.#isMigrated) {
      await assertMigrated(db);
      this.#isMigrated = true;
    }
    const quick = this.#prepares ? (prepared?.(tx) ?? db) : db;
    await assertOwner(quick, context);
    const note = context.replay ? undefined : await writeNote(quick, context);
    if (note?.isHandled) return openedAnswer(descriptor, context, note.answer, sealing);
    this.#open.set(context, tx);
    const result = await next();
    if (descriptor.kind === "command") {
      if (breaksContract(descriptor as CommandDescriptor, result)) throw new Refused(result);
      if (note !== undefined) {
        await writeAnswer(db, context, await sealedAnswer(descriptor, context, result, sealing));
      }
    }
    if (confirmsCommit !== true) await assertUsable(db, context);
    return result;
  }
}

/** Rolls back. The runtime answers such a result with a failure, so nothing of it may remain. No log of a library shows it. */
class Refused extends Error {
  readonly #result: unknown;

  constructor(result: unknown) {
    super("the result breaks its contract");
    this.#result = result;
  }

  /** No getter: some logs ask those. */
  refusedResult(): unknown {
    return this.#result;
  }
}

/**
 * PostgreSQL commits nothing after a statement that failed, and does not say so: a handler that caught the error would lose its
 * message.
 */
async function assertUsable(db: Queryable, { type }: MessageContext): Promise<void> {
  try {
    await db.query("SELECT 1 AS one");
  } catch (cause) {
    const text = `the transaction of ${type} cannot be committed: a statement in it failed, and the handler went on`;
    throw new MessagingError("TRANSACTION_FAILED", `${text}. Let the error pass, or use a savepoint`, { cause });
  }
}

function breaksContract(descriptor: CommandDescriptor, result: unknown): boolean {
  return contractOf(descriptor as unknown as Descriptor).resultViolations(result) !== undefined;
}
