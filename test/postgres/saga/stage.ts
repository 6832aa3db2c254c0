import type pg from "pg";
import {
  handleCreateCompany,
  handleCreatePartner,
  handleCreateUser,
  handleDeleteCompany,
  handleDeleteUser,
  type Messaging,
  type MessagingOptions,
} from "../../../generated/index.js";
import { createInbox, type Inbox, migrate } from "../../../runtime/postgres/index.js";
import { type Saga, type Sagas, startSagas } from "../../../runtime/saga/index.js";
import { eventually } from "../../support/eventually.js";
import { poolOf, schemaOn } from "../../support/postgres.js";
import { createService } from "../../support/service.js";
import { registration } from "./registration.js";

/** The services that a registration asks: what each was asked, and what of it fails. */
export interface Others extends AsyncDisposable {
  readonly asked: string[];
  /** Called with each command before it is done. */
  before: (command: string) => unknown;
}

export async function startOthers(url: string): Promise<Others> {
  const asked: string[] = [];
  const others = { asked, before: (_command: string): unknown => undefined };
  const note = async (command: string): Promise<void> => {
    asked.push(command);
    await others.before(command);
  };
  const users = createService({ url }, { service: "user-auth-service", drainTimeoutSeconds: 0.1 });
  handleCreateUser(users, async () => note("create_user").then(() => ({ user_id: 7 })));
  handleDeleteUser(users, async ({ payload: { user_id } }) => note(`delete_user ${user_id}`).then(() => ({ user_id })));
  const companies = createService({ url }, { service: "company-partner-service", drainTimeoutSeconds: 0.1 });
  handleCreateCompany(companies, async () => note("create_company").then(() => ({ company_id: 8 })));
  handleCreatePartner(companies, async () => note("create_partner").then(() => ({ partner_id: 9 })));
  handleDeleteCompany(companies, async ({ payload: { company_id } }) =>
    note(`delete_company ${company_id}`).then(() => ({ company_id })),
  );
  await Promise.all([users.start(), companies.start()]);
  return Object.assign(others, {
    async [Symbol.asyncDispose]() {
      await Promise.all([users.close(), companies.close()]);
    },
  });
}

/** A process that runs registrations. */
export interface Registrar extends AsyncDisposable {
  readonly messaging: Messaging;
  readonly inbox: Inbox<pg.PoolClient>;
  readonly sagas: Sagas<pg.PoolClient>;
  begin(id: string, state?: object): Promise<boolean>;
}

export async function startRegistrar(
  url: string,
  pool: pg.Pool,
  options: MessagingOptions & { readonly definition?: Saga<unknown> } = {},
): Promise<Registrar> {
  const { definition = registration, ...rest } = options;
  const inbox = createInbox(pool);
  const settings = { service: "registration-service", retryDelaySeconds: 0.1, ...rest };
  const messaging = createService({ url }, { ...settings, extensions: [inbox] });
  const sagas = startSagas(messaging, inbox, [definition], { pollSeconds: 0.05 });
  await messaging.start();
  return {
    ...{ messaging, inbox, sagas },
    begin: (id, state = { email: "ada@example.com" }) =>
      inbox.transactions.transaction((tx) => sagas.begin(tx, definition, id, state as never)),
    async [Symbol.asyncDispose]() {
      await sagas.stop();
      await messaging.close();
    },
  };
}

/** A database of its own, the services that are asked, and processes that run sagas, all of which end with it. */
export interface SagaStage extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly others: Others;
  start(options?: Parameters<typeof startRegistrar>[2]): Promise<Registrar>;
}

export async function openStage(
  redis: { readonly url: string },
  postgres: { readonly url: string },
): Promise<SagaStage> {
  const pool = poolOf(await schemaOn(postgres));
  await migrate(pool);
  const others = await startOthers(redis.url);
  const open: Registrar[] = [];
  return {
    ...{ pool, others },
    async start(options) {
      const started = await startRegistrar(redis.url, pool, options);
      open.push(started);
      return started;
    },
    async [Symbol.asyncDispose]() {
      for (const each of open) await each[Symbol.asyncDispose]();
      await others[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

export interface Row {
  readonly status: string;
  readonly state: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

export async function sagaIn(pool: pg.Pool, id: string): Promise<Row | undefined> {
  const { rows } = await pool.query("SELECT status, state, error FROM merp_saga WHERE id = $1", [id]);
  return rows[0] && { ...rows[0], state: JSON.parse(rows[0].state) };
}

/** Waits until a saga has a status. */
export async function until(pool: pg.Pool, id: string, status: string): Promise<Row> {
  const row = await eventually(
    () => sagaIn(pool, id),
    (found) => found?.status === status,
    {
      what: `${id} to be ${status}`,
      withinMs: 20_000,
    },
  );
  return row as Row;
}
