import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import { showList } from "../../runtime/cli/outbox/list.js";
import { showStatus } from "../../runtime/cli/outbox/status.js";
import { OutboxOperations, transaction } from "../../runtime/postgres/index.js";
import { type Outcome, repository } from "../codegen/scratch.js";
import { startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { type OutboxStage, outboxStage, usersIn } from "../support/outbox.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";
import { printedOf, tooLong } from "../support/printed.js";
import { bundleOf } from "../support/program-bundle.js";
import { useRedis } from "../support/redis.js";

const program = join(repository, "runtime/cli/index.ts");

describe.skipIf(!hasPostgres)("merp outbox and merp relay", async () => {
  if (!hasPostgres) return;
  const { postgres } = await usePostgres();
  const server = await useRedis();
  const { redis, admin } = server;
  const stage = () => outboxStage(postgres, server);

  /** Runs the command with nothing of this machine's settings. Who is asked cannot answer. */
  async function merp(line: string, url: string, REDIS_URL = redis.url): Promise<Outcome> {
    const args = [await bundleOf(program), ...line.split(" ")];
    const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
    const env = {
      PATH: process.env["PATH"] ?? "",
      NO_COLOR: "1",
      REDIS_URL,
      DATABASE_URL: url,
      MERP_CATALOGUE,
    };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, args, { env, timeout: 25_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
      });
      child.stdin?.end();
    });
  }

  /** Three messages, of which the second was refused; its reason has what a terminal would obey. */
  async function fill({ pool, outbox }: OutboxStage): Promise<readonly string[]> {
    await transaction(pool, async (tx) => {
      for (const id of [1, 2, 3]) {
        await publishUserCreated(outbox(tx), { entity_id: id, after_data: { email: `${id}@example.com` } });
      }
    });
    const { rows } = await pool.query("SELECT place FROM merp_outbox ORDER BY place");
    const places = rows.map(({ place }) => String(place));
    await pool.query("UPDATE merp_outbox SET refusal = $1 WHERE place = $2", ["too \x1b[31mred", places[1]]);
    return places;
  }

  test("say what is wrong, show a message with its sensitive values masked, and publish it after all", async () => {
    await using staged = await stage();
    const [, place] = await fill(staged);
    const { url } = staged;

    const status = await merp("outbox status", url);
    expect(status).toMatchObject({ code: 1, stderr: "" });
    expect(status.stdout).toMatch(
      /^✗ 1 message of the outbox cannot be published: merp outbox list\n2 messages to be published, the oldest for .*\n/,
    );
    expect((await merp("outbox list", url)).stdout).toContain("too \\u001b[31mred");
    const shown = await merp(`outbox show ${place}`, url);
    expect(shown.stdout).toContain('"email": "…"');
    expect(shown.stdout).not.toContain("@example.com");

    const unasked = await merp(`outbox retry ${place}`, url);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining("so give --yes") });
    expect(await merp("outbox retry --all --yes --who ada --why mended", url)).toMatchObject({
      code: 0,
      stdout: "1 message to be published again\n",
    });
    expect(await merp(`outbox status --json`, url)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\{"waiting":3,"oldest_waiting_seconds":[\d.]+,"refused":0,"advice":\[\]/),
    });
    const audit = await admin.xrange("merp:audit", "-", "+");
    expect(audit.map(([, fields]) => fields.slice(0, 8).join(" "))).toEqual([
      "state begun action outbox retry target outbox who ada",
      "state done action outbox retry target outbox who ada",
    ]);
  });

  test("fit a terminal of 40 columns, but for commands", async () => {
    await using staged = await stage();
    await fill(staged);
    const outbox = new OutboxOperations(staged.pool);
    const printed = await printedOf(async () => {
      expect(await showStatus(outbox, {})).toBe(1);
      expect(await showList(outbox, {})).toBe(0);
    }, 40);
    expect(printed).toMatch(/^✗ 1 message of the outbox cannot be\n {2}published\n {2}→ merp outbox list\n/);
    expect(printed).toContain("2 messages to be published, the oldest\nfor ");
    expect(tooLong(printed, 40)).toEqual([]);
  });

  test("say which right a user of Redis lacks, and change nothing", async () => {
    await using staged = await stage();
    const [, refused] = await fill(staged);
    await admin.call("ACL", "SETUSER", "narrow", "on", ">secret", "~*", "&*", "+@all", "-xadd", "-eval", "-evalsha");
    const narrow = redis.url.replace("//", "//narrow:secret@");
    const NOPERM = /^error: .* refused recording the change in merp:audit: NOPERM .*'xadd'/;
    const retried = await merp(`outbox retry ${refused} --yes`, staged.url, narrow);
    expect(retried).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(NOPERM) });
    expect((await staged.pool.query("SELECT FROM merp_outbox WHERE refusal IS NOT NULL")).rowCount).toBe(1);
    await staged.pool.query(
      "INSERT INTO merp_saga (saga, id, version, state, shown, status) VALUES ('s', '1', 1, '{}', '{}', 'running')",
    );
    const cancelled = await merp("saga cancel s 1 --yes", staged.url, narrow);
    expect(cancelled).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(NOPERM) });
    expect((await staged.pool.query("SELECT status FROM merp_saga")).rows).toEqual([{ status: "running" }]);
    await using relay = await startChild(program, {
      arguments: ["relay", "--poll", "0.05"],
      environment: { REDIS_URL: narrow, DATABASE_URL: staged.url, NO_COLOR: "1" },
    });
    await eventually(
      () => relay.output,
      (output) => output.includes("NOPERM"),
      { withinMs: 30_000 },
    );
    expect((await staged.pool.query("SELECT FROM merp_outbox WHERE refusal IS NULL")).rowCount).toBe(2);
  });

  test("relay, discard and republish what Redis has lost", async () => {
    await using staged = await stage();
    const [first, refused] = await fill(staged);
    const { url } = staged;
    expect(await merp(`outbox discard ${first} ${refused} --yes`, url)).toMatchObject({
      code: 0,
      stdout: "2 messages discarded\n",
    });

    await using relay = await startChild(program, {
      arguments: ["relay", "--poll", "0.05"],
      environment: { REDIS_URL: redis.url, DATABASE_URL: url, NO_COLOR: "1" },
    });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 1,
    );
    await eventually(async () => (await staged.pool.query("SELECT FROM merp_outbox")).rowCount === 0);
    const before = await usersIn(admin);
    await admin.flushall();
    expect(await merp("outbox republish --since 10m --yes", url)).toMatchObject({
      code: 0,
      stdout: "1 message to be published again\n",
    });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 1,
    );
    expect(await usersIn(admin)).toEqual(before);
    relay.kill("SIGTERM");
    expect(await relay.exited).toEqual({ code: 0, signal: null });
  });

  test("keep a key of encrypted values that the outbox needs, also for what may be published again, an inbox or a saga", async () => {
    await using staged = await stage();
    const [, refused] = await fill(staged);
    const { url, pool } = staged;
    const entry = JSON.stringify(["data", JSON.stringify({ name: `e1.2026-a.${"A".repeat(40)}` })]);
    await pool.query("UPDATE merp_outbox SET entry = $1 WHERE place = $2", [entry, refused]);
    const retire = () => merp("keys retire 2026-a", url);
    expect(await retire()).toMatchObject({
      ...{ code: 1, stdout: expect.stringMatching(/^not retired: 1 values .* alone: events \(outbox 1\)\n/) },
    });
    const columns = "place, id, type, stream, key, is_given, part, entry, contract, written_at";
    await pool.query(
      `WITH sent AS (DELETE FROM merp_outbox RETURNING *) INSERT INTO merp_outbox_sent (${columns}, known_until) SELECT ${columns}, now() FROM sent`,
    );
    expect(await retire()).toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining("events (published from the outbox 1)") },
    });
    await pool.query("DELETE FROM merp_outbox_sent");
    const value = `e1.2026-a.${"A".repeat(40)}`;
    const answer = JSON.stringify({ token: value });
    await pool.query(
      "INSERT INTO merp_inbox (consumer_group, type, message_id, answer) VALUES ('a group', 'log_in', 'an id', $1)",
      [answer],
    );
    expect(await retire()).toMatchObject({
      ...{ code: 1, stdout: expect.stringMatching(/log_in \(inbox 1\)\nan inbox forgets answers by itself\n$/) },
    });
    await pool.query("DELETE FROM merp_inbox");
    await pool.query(
      "INSERT INTO merp_saga (saga, id, version, state, shown, status, undo) VALUES ('session', '7', 1, '{}', '{}', 'running', $1)",
      [JSON.stringify([{ command: "log_in", payload: { password: value }, options: {} }])],
    );
    await pool.query(
      `INSERT INTO merp_saga_ask (saga, id, command_id, command, request, answer, is_undo, due_at)
       VALUES ('session', '7', 'an id', 'log_in', '{}', $1, false, 'infinity')`,
      [JSON.stringify({ result: { token: value } })],
    );
    const advice =
      /session \(saga 2\)\nsagas need it .*: merp saga retry those .* stuck, merp saga cancel those that run\n$/;
    expect(await retire()).toMatchObject({ code: 1, stdout: expect.stringMatching(advice) });
    // As an older release leaves a saga that has ended.
    await pool.query("TRUNCATE merp_saga_ask; UPDATE merp_saga SET status = 'done'");
    expect(await retire()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing needs 2026-a any more/) });
  });

  test("migrate, and say in a sentence what cannot be done and why", async () => {
    await using staged = await stage();
    const { url: empty } = await schemaOn(postgres);
    const away = "postgres://ada:secret@127.0.0.1:1/billing";
    const pool = poolOf({ url: staged.url });
    await pool.query("CREATE ROLE reader LOGIN");
    const [{ current_schema: schema }] = (await pool.query("SELECT current_schema")).rows;
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO reader`);
    await pool.end();
    const outcomes = await Promise.all([
      merp("outbox status", empty),
      merp("outbox list", away),
      merp("outbox list", ""),
      merp("outbox show 12345", staged.url),
      merp("outbox show x", staged.url),
      merp("outbox retry", staged.url),
      merp("outbox retry 1 --all", staged.url),
      merp("outbox status", staged.url.replace("tester@", "reader@")),
      merp("relay", empty),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => 2));
    expect(outcomes.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
      expect.stringContaining("error: the tables merp_… are missing: run merp outbox migrate"),
      "error: PostgreSQL at 127.0.0.1:1/billing cannot be reached (ECONNREFUSED): check DATABASE_URL, and that PostgreSQL runs",
      "error: which database? Give --database postgres://…, or set DATABASE_URL",
      expect.stringContaining("error: the outbox has no message at place 12345"),
      expect.stringContaining("It must be the place of a message"),
      "error: which messages? Name their places, or give --type <type> or --all",
      "error: name places, or select by --all or --type, not both",
      expect.stringContaining("error: the database refuses this user: permission denied for table merp_"),
      expect.stringContaining("error: the tables merp_… are missing"),
    ]);
    expect(await merp("outbox retry 1 --yes", staged.url)).toMatchObject({
      code: 1,
      stderr: "nothing was done: the outbox has no such message\n",
    });
    expect(await merp("outbox migrate", empty)).toMatchObject({ code: 0, stderr: "" });
    expect(await merp("outbox status", empty)).toEqual({ code: 0, stdout: "nothing waits\n", stderr: "" });
    const printed = await merp("outbox migrate --print", "");
    expect(printed.stdout).toContain("CREATE TABLE merp_outbox (");
  }, 90_000);
});
