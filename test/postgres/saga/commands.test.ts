import { describe, expect, test } from "vitest";
import { showList } from "../../../runtime/cli/saga/list.js";
import { show } from "../../../runtime/cli/saga/show.js";
import { migrate } from "../../../runtime/postgres/index.js";
import { SagaOperations } from "../../../runtime/saga/operations.js";
import { hasPostgres, usePostgres } from "../../support/postgres.js";
import { printedOf } from "../../support/printed.js";

describe.skipIf(!hasPostgres)("merp saga", async () => {
  if (!hasPostgres) return;
  const { pool } = await usePostgres();
  const name = "registration of a company";
  const id = "company-7";

  test.each([40, 55, 200, undefined])("fits a terminal of %s columns, and cuts no name and no id", async (columns) => {
    await migrate(pool);
    await pool.query("TRUNCATE merp_saga, merp_saga_ask, merp_saga_timer");
    await pool.query(
      `INSERT INTO merp_saga (saga, id, version, state, shown, status, error, undo)
       VALUES ($1, $2, 1, '{}', '{"company":1}', 'stuck', 'refused', '[]')`,
      [name, id],
    );
    const sagas = new SagaOperations(pool);
    const printed = await printedOf(async () => {
      expect(await showList(sagas, {})).toBe(1);
      expect(await show(sagas, name, id, {})).toBe(1);
    }, columns);
    const [, list = ""] = /^✗ .*?\n(?: {2}.*\n)*([\s\S]*)/.exec(printed) ?? [];
    expect(list.split(name).length).toBeGreaterThan(2);
    expect(list.split(id).length).toBeGreaterThan(2);
    expect(printed).not.toContain("…");
    const tooLong = printed
      .split("\n")
      .filter((line) => line.length > (columns ?? Number.POSITIVE_INFINITY))
      .filter((line) => !line.startsWith("  → ") && !/^[a-z]+: /.test(line) && line.trim().includes(" "));
    expect(tooLong).toEqual([]);
    for (const work of [() => showList(sagas, { json: true }), () => show(sagas, name, id, { json: true })]) {
      const lines = (await printedOf(work, columns)).trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual([expect.objectContaining({ saga: name, id })]);
    }
  });
});
