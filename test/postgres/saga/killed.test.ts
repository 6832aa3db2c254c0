import { afterAll, describe, expect, test } from "vitest";
import {
  handleCreateCompany,
  handleCreatePartner,
  handleCreateUser,
  handleDeleteCompany,
  handleDeleteUser,
  publishUserLoggedIn,
  publishUserUpdated,
  UnrecoverableError,
} from "../../../generated/index.js";
import { createInbox, migrate } from "../../../runtime/postgres/index.js";
import { type Child, startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../../support/postgres.js";
import { useRedis } from "../../support/redis.js";
import { runs } from "../../support/runs.js";
import { createService } from "../../support/service.js";

// RUNS=100 SEED=7 kills so many processes, at other moments.
const { numRuns: kills, seed } = runs(6);
const SAGAS = 40;

describe.skipIf(!hasPostgres)("sagas whose processes are killed", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  const { redis } = await useRedis();
  const children: Child<object>[] = [];
  afterAll(() => Promise.all(children.map((child) => child.stop())));

  test(`all end, each command ran once, and what was refused is undone (seed ${seed})`, async () => {
    const { url } = await schemaOn(postgres);
    const pool = poolOf({ url });
    await migrate(pool);
    await pool.query("CREATE TABLE done (what text NOT NULL)");
    const done = async (): Promise<readonly string[]> =>
      (await pool.query("SELECT what FROM done ORDER BY what")).rows.map(({ what }) => what);

    // The others have an inbox, as a service should: they answer again what they have done.
    const inbox = createInbox(pool);
    const make = (service: string): ReturnType<typeof createService> =>
      createService({ url: redis.url }, { service, extensions: [inbox] });
    const [users, companies] = [make("user-auth-service"), make("company-partner-service")];
    const note = (context: Parameters<typeof inbox.transactionOf>[0], what: string): Promise<unknown> =>
      inbox.transactionOf(context).query("INSERT INTO done VALUES ($1)", [what]);
    const numberOf = (email: string): number => Number(/\d+/.exec(email)?.[0]);
    handleCreateUser(users, async ({ payload: { email } }, context) => {
      const user_id = numberOf(email);
      await note(context, `create_user ${user_id}`);
      return { user_id };
    });
    handleDeleteUser(users, async ({ payload: { user_id } }, context) => {
      await note(context, `delete_user ${user_id}`);
      return { user_id };
    });
    let companyId = 0;
    handleCreateCompany(companies, async (_command, context) => {
      const company_id = ++companyId;
      await note(context, "create_company");
      return { company_id };
    });
    handleCreatePartner(companies, async ({ payload: { name } }, context) => {
      if (numberOf(name) % 2 === 0) throw new UnrecoverableError("the name is taken");
      await note(context, `create_partner ${numberOf(name)}`);
      return { partner_id: numberOf(name) };
    });
    handleDeleteCompany(companies, async ({ payload: { company_id } }, context) => {
      await note(context, "delete_company");
      return { company_id };
    });
    await Promise.all([users.start(), companies.start()]);

    const start = async (at: number): Promise<void> => {
      const child = await startChild<object>(new URL("./registrar-child.ts", import.meta.url), {
        arguments: [redis.url, url],
      });
      children[at] = child;
      await child.next();
    };
    await Promise.all([0, 1].map(start));

    let random = seed;
    const chance = (): number => {
      random = (random * 48271) % 2147483647;
      return random / 2147483647;
    };
    await using publisher = createService({ url: redis.url }, { service: "web" });
    const publishing = (async () => {
      for (let entity_id = 1; entity_id <= SAGAS; entity_id++) {
        const beginning = { after_data: { email: `u${entity_id}@example.com` }, metadata: { registers: true } };
        await publishUserUpdated(publisher, { entity_id, ...beginning });
        const login = { ip_address: null, login_method: "password" } as const;
        await publishUserLoggedIn(publisher, { entity_id, after_data: login });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    for (let killed = 0; killed < kills; killed++) {
      await new Promise((resolve) => setTimeout(resolve, 400 * chance()));
      const at = chance() < 0.5 ? 0 : 1;
      children[at]?.kill();
      await start(at);
    }
    await publishing;
    const ended = async (): Promise<number> =>
      (await pool.query("SELECT 1 FROM merp_saga WHERE status IN ('done', 'undone')")).rows.length;
    await eventually(ended, (count) => count === SAGAS, { withinMs: 120_000, what: "all sagas to end" });

    const all = Array.from({ length: SAGAS }, (_, at) => at + 1);
    const [refused, kept] = [all.filter((id) => id % 2 === 0), all.filter((id) => id % 2 === 1)];
    const expected = [
      ...all.flatMap((id) => [`create_user ${id}`, "create_company"]),
      ...kept.map((id) => `create_partner ${id}`),
      ...refused.flatMap((id) => [`delete_user ${id}`, "delete_company"]),
    ];
    expect(await done()).toEqual(expected.sort());
    const { rows } = await pool.query("SELECT id, status FROM merp_saga ORDER BY id::int");
    expect(rows).toEqual(all.map((id) => ({ id: String(id), status: id % 2 === 0 ? "undone" : "done" })));
    await Promise.all([users.close(), companies.close()]);
    await pool.end();
  }, 300_000);
});
