export {
  type Database,
  type EmbeddedDatabase,
  type Pool,
  type PooledClient,
  type Queryable,
  type Row,
  transaction,
} from "./database.js";
export { assertMigrated, type Migrated, migrate } from "./migrate.js";
export { createOutbox, type Outbox, type OutboxOf, type OutboxOptions, type Recorded } from "./outbox.js";
export { type Relay, startRelay } from "./relay.js";
export type { RelayOptions } from "./relay-options.js";
