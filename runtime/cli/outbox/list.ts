import type { Command } from "commander";
import { printableJson } from "../../contract/printable.js";
import { lengthOfTime } from "../../operations/wording.js";
import type { OutboxOperations } from "../../postgres/outbox-operations.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { exit, operatorCommand } from "../exit.js";
import { wholeNumber } from "../options.js";
import { write } from "../output.js";
import { table } from "../table.js";
import { withOutbox } from "./tool.js";

interface ListArguments extends DatabaseArguments {
  readonly waiting?: true;
  readonly type?: string;
  readonly limit?: number;
  readonly json?: true;
}

const PAGE = 100;

/** `merp outbox list` */
export const listCommand: Command = ofDatabase(
  operatorCommand("list", "list what cannot be published and why, the oldest first"),
)
  .option("--waiting", "list what waits to be published instead")
  .option("-t, --type <type>", "only messages of this type")
  .option("-n, --limit <number>", `how many at most (${PAGE}; with --json all)`, wholeNumber)
  .option("--json", "print a line of JSON for each message")
  .action((given: ListArguments) => withOutbox(given, (outbox) => showList(outbox, given)));

/** Prints messages, page by page. */
export async function showList(outbox: OutboxOperations, given: ListArguments): Promise<number> {
  const { waiting, type, json, limit = json === true ? Number.POSITIVE_INFINITY : PAGE } = given;
  const state = waiting === true ? "waiting" : "refused";
  const rows: (string | number)[][] = [];
  let after = "-1";
  for (let left = limit; left > 0; left -= PAGE) {
    const most = Math.min(left, PAGE);
    const page = await outbox.list(state, { type, after, most });
    for (const message of page) {
      const { place, refusal = "", key, writtenAt, id } = message;
      if (json === true) await write(`${printableJson(message)}\n`);
      else rows.push([message.type, key, lengthOfTime(Date.now() - Date.parse(writtenAt)), place, id, refusal]);
    }
    after = page.at(-1)?.place ?? after;
    if (page.length < most) break;
  }
  if (json === true) return exit.fine;
  if (rows.length === 0) await write(`nothing ${waiting === true ? "waits" : "was refused"}\n`);
  else await write(table(["type", "key", "age", "place", "id", "why"], rows));
  if (rows.length > 0 && rows.length === limit) await write("there may be more: give --limit\n");
  return exit.fine;
}
