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
