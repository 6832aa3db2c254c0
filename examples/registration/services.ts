import {
  createMessaging,
  handleCreateCompany,
  handleCreatePartner,
  handleCreateUser,
  handleDeleteCompany,
  handleDeleteUser,
  type Messaging,
  UnrecoverableError,
} from "@m-erp/messaging";
import { createInbox, type EmbeddedDatabase, type Queryable } from "@m-erp/messaging/postgres";

/** The tables of the three services, which would be in a database of each. */
export async function createTables(database: Queryable): Promise<void> {
  for (const table of ["users", "companies", "partners"]) {
    await database.query(`CREATE TABLE ${table} (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL)`);
  }
}

/**
 * Three services that know nothing of registrations. They have an inbox: a command that comes twice, because a process died, is
 * done once and answered twice.
 */
export async function startServices(database: EmbeddedDatabase, redis: { readonly url: string }): Promise<Messaging[]> {
  const inbox = createInbox(database);
  const make = (service: string): Messaging => createMessaging({ service, redis, extensions: [inbox] });
  type Context = Parameters<typeof inbox.transactionOf>[0];
  const insert = async (table: string, name: string, context: Context): Promise<number> => {
    const text = `INSERT INTO ${table} (name) VALUES ($1) RETURNING id`;
    const { rows } = await inbox.transactionOf(context).query(text, [name]);
    return Number(rows[0]?.["id"]);
  };
  const remove = (table: string, id: number, context: Context): Promise<unknown> =>
    inbox.transactionOf(context).query(`DELETE FROM ${table} WHERE id = $1`, [id]);

  const users = make("user-auth-service");
  handleCreateUser(users, async ({ payload }, context) => ({ user_id: await insert("users", payload.email, context) }));
  handleDeleteUser(users, async ({ payload: { user_id } }, context) => {
    await remove("users", user_id, context);
    return { user_id };
  });

  const companies = make("company-partner-service");
  handleCreateCompany(companies, async ({ payload }, context) => ({
    company_id: await insert("companies", payload.name, context),
  }));
  handleDeleteCompany(companies, async ({ payload: { company_id } }, context) => {
    await remove("companies", company_id, context);
    return { company_id };
  });

  const partners = make("partner-service");
  handleCreatePartner(partners, async ({ payload }, context) => {
    if (payload.name.includes("Evil")) throw new UnrecoverableError(`${payload.name} is on the list of embargoes`);
    return { partner_id: await insert("partners", payload.name, context) };
  });

  const all = [users, companies, partners];
  for (const service of all) await service.start();
  return all;
}
