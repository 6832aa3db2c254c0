import { get } from "node:http";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runInstalled } from "../package/program.js";
import { eventually } from "../support/eventually.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";
import { useRedis } from "../support/redis.js";
import { freePort, type RecipeFolder, recipeFolder, recipeIn } from "./recipe-folder.js";

const page = "docs/transactions.md";

/** Asks on a connection of its own, which does not outlast the answer. */
function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
  });
}

describe.skipIf(!hasPostgres)("the programs with an outbox and an inbox", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  const { redis, admin } = await useRedis();
  let folder: RecipeFolder;
  let url: string;
  let pool: pg.Pool;

  beforeAll(async () => {
    folder = await recipeFolder({
      "messages.ts": await recipeIn(page, "## In Fastify, Express and NestJS"),
      "fastify.ts": await recipeIn(page, "### Fastify"),
      "express.ts": await recipeIn(page, "### Express"),
      "nest.ts": await recipeIn(page, "### NestJS"),
    });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const rowsIn = async (table: string): Promise<number> =>
    Number((await pool.query(`SELECT count(*) AS count FROM ${table}`)).rows[0]?.count);

  test("compile under the strictest settings", async () => {
    await runInstalled("tsc", ["-p", folder.path]);
  });

  test.each(["fastify.ts", "express.ts", "nest.ts"])(
    "%s commits row and message together, handles the message once, and leaves in order while requests are under way",
    async (name) => {
      await admin.flushall();
      url = (await schemaOn(postgres)).url;
      pool = poolOf({ url });
      await pool.query("CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL)");
      await pool.query("CREATE TABLE credit (user_id int PRIMARY KEY, cents int NOT NULL)");
      const port = await freePort();
      const environment = { PORT: String(port), REDIS_URL: redis.url, DATABASE_URL: url };
      await using service = await folder.start(name, environment);
      const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
      const create = (id: number): Promise<Response> =>
        fetch(at("/users"), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ id, email: "ada@example.com" }),
        });
      await eventually(() => isReady(at("/ready")), Boolean, { withinMs: 30_000 });

      expect((await create(1)).status).toBe(201);
      await eventually(
        () => rowsIn("credit"),
        (count) => count === 1,
      );
      // The row is there already: neither it nor its message is stored a second time.
      expect((await create(1)).status).toBe(500);

      // Its transaction waits for this one, so the service is told to leave while the request is under way.
      const other = await pool.connect();
      await other.query("BEGIN; INSERT INTO users VALUES (2, 'held')");
      const answer = create(2);
      const isWaiting =
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO users%'";
      await eventually(async () => (await pool.query(isWaiting)).rows.length, Boolean);
      service.kill("SIGTERM");
      // It takes no more requests once it has begun to leave.
      await eventually(
        () => isReady(at("/ready")),
        (ready) => !ready,
      );
      await other.query("ROLLBACK");
      other.release();

      expect((await answer).status).toBe(201);
      const { code, signal } = await service.exited;
      // NestJS ends by the signal itself, once its hooks have run.
      expect(code ?? signal).toBe(name === "nest.ts" ? "SIGTERM" : 0);
      expect(await rowsIn("users")).toBe(2);
      // Published, or left for the next relay.
      expect((await admin.xlen("events")) + (await rowsIn("merp_outbox"))).toBe(2);
      await pool.end();
    },
  );
});
