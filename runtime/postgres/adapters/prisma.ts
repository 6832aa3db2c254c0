import type { Queryable } from "../database.js";
import { type Adapted, adapted, rowsOf } from "./adapted.js";

/** What is used of a client or a transaction of Prisma. */
interface Prisma {
  $queryRawUnsafe(sql: string, ...values: never[]): PromiseLike<unknown>;
}

interface PrismaDatabase<Tx extends Prisma> extends Prisma {
  $transaction(work: (tx: Tx) => Promise<unknown>, limits?: PrismaLimits): Promise<unknown>;
}

/** The limits of Prisma's interactive transactions. */
export interface PrismaLimits {
  /** Milliseconds that a transaction may take; Prisma then rolls it back. @defaultValue 900000, as MESSAGE_HANDLER_TIMEOUT */
  readonly timeout?: number;
  /** Milliseconds that a transaction waits for a connection. @defaultValue 10000 */
  readonly maxWait?: number;
}

/**
 * A client or a transaction of Prisma, for the outbox and the inbox.
 * @param limits - of the transactions that the inbox begins
 * @example
 * await prisma.$transaction(async (tx) => {
 *   await tx.user.create({ data: { id: 123, email: "ada@example.com" } });
 *   await publishUserCreated(outbox(fromPrisma(tx)), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export function fromPrisma<Tx extends Prisma>(client: PrismaDatabase<Tx>, limits?: PrismaLimits): Adapted<Tx>;
export function fromPrisma(transaction: Prisma): Queryable;
export function fromPrisma(client: Prisma, limits: PrismaLimits = {}): Queryable {
  const { timeout = 900_000, maxWait = 10_000 } = limits;
  const begin = (work: (tx: Prisma) => Promise<unknown>): Promise<unknown> =>
    (client as PrismaDatabase<Prisma>).$transaction(work, { timeout, maxWait });
  return adapted(client, queryableOf, begin);
}

function queryableOf(prisma: Prisma): Queryable {
  return {
    async query(sql, values = []) {
      return { rows: rowsOf(await prisma.$queryRawUnsafe(sql, ...(values as never[]))) };
    },
  };
}
