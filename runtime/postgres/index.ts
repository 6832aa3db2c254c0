export type { Adapted } from "./adapters/adapted.js";
export { fromDrizzle } from "./adapters/drizzle.js";
export { fromKnex } from "./adapters/knex.js";
export { fromKysely } from "./adapters/kysely.js";
export { fromPrisma, type PrismaLimits } from "./adapters/prisma.js";
export {
  type Database,
  type EmbeddedDatabase,
  type Pool,
  type PooledClient,
  type Queryable,
  type Row,
  transaction,
} from "./database.js";
export { createInbox, type Inbox, type InboxOptions } from "./inbox/inbox.js";
export { assertMigrated, type Migrated, migrate } from "./migrate.js";
export {
  type CreateOutboxOptions,
  createOutbox,
  type Outbox,
  type OutboxOf,
  type OutboxOptions,
  type Recorded,
} from "./outbox.js";
export {
  type OutboxCount,
  type OutboxMessage,
  OutboxOperations,
  type OutboxSelection,
} from "./outbox-operations.js";
export { type Relay, startRelay } from "./relay.js";
export type { RelayOptions } from "./relay-options.js";
export type { Transactional, TransactionOf, Transactions } from "./transactions.js";
