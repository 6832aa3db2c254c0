import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  applyRuleSeverity,
  DEFAULT_RULES,
  parseAllFiles,
  scanCatalogFiles,
  validateCatalog,
} from "@eventcatalog/linter";
import { describe, expect, it } from "vitest";
import { eventCatalogOf, text } from "../../../codegen/docs/event-catalog.js";
import { HOSTILE, hard, starter, subjectOf } from "./catalogue.js";

/** What EventCatalog's own linter says of files, with its rules as they are. */
async function lint(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "merp-eventcatalog-"));
  try {
    for (const [path, content] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const { parsed, errors } = await parseAllFiles(await scanCatalogFiles(folder));
    expect(errors).toEqual([]);
    const rules = Object.fromEntries(
      Object.entries(DEFAULT_RULES).map(([name, severity]) => [name, { severity, options: {} }]),
    );
    return applyRuleSeverity(validateCatalog(parsed), rules as never).map(
      ({ rule, resource }) => `${rule} ${resource}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the files of EventCatalog", () => {
  it("are accepted by its linter, which only misses services of messages for which none is declared", async () => {
    expect((await lint(eventCatalogOf(await subjectOf(hard)))).toSorted()).toEqual([
      "refs/orphan-messages event/HealthReport",
      "refs/orphan-messages event/OrderShippedNotification",
    ]);
    expect((await lint(eventCatalogOf(await subjectOf(starter)))).toSorted()).toEqual([
      "refs/orphan-messages command/ReserveStock",
      "refs/orphan-messages event/OrderPlaced",
      "refs/orphan-messages event/OrderShippedNotification",
    ]);
  });

  it("say who sends and receives, by which channel, with the schema beside", async () => {
    const files = eventCatalogOf(await subjectOf(hard));
    const service = files.get("services/warehouse/index.mdx") ?? "";
    expect(service).toContain(
      'receives: [{ "id": "OrderPlaced", "version": "1.2.3", "from": [{ "id": "events", "version": "1.2.3" }] }',
    );
    const schema = JSON.parse(files.get("events/OrderPlaced/schema.json") ?? "") as { readonly properties: object };
    expect(Object.keys(schema.properties)).toContain("after_data");
    expect(files.get("commands/ReserveStock/index.mdx")).toContain("sendReserveStock");
  });

  it("hold no markup, code or statement of a schema", () => {
    expect(text(HOSTILE)).toMatch(/^(?:[\p{L}\p{N} ,.:;?]|&#\d+;)+$/u);
    expect(text("import x\n\nexport y")).toBe("&#105;mport x export y");
  });
});
