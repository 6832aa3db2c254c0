import { type Command, Option } from "commander";
import { printableJson } from "../../contract/printable.js";
import { countOf, lengthOfTime } from "../../operations/wording.js";
import type { SagaStatus } from "../../saga/instance.js";
import type { SagaOperations } from "../../saga/operations.js";
import { adviceText } from "../advice.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { exit, operatorCommand } from "../exit.js";
import { wholeNumber } from "../options.js";
import { write } from "../output.js";
import { tableOfNames } from "../table.js";
import { withSagas } from "./tool.js";

interface ListArguments extends DatabaseArguments {
  readonly saga?: string;
  readonly status?: SagaStatus;
  readonly limit?: number;
  readonly json?: true;
}

const PAGE = 100;
const STATUSES: readonly SagaStatus[] = ["running", "undoing", "stuck", "done", "undone"];

/** `merp saga list` */
export const listCommand: Command = ofDatabase(
  operatorCommand("list", "list the sagas that have not ended, the stuck ones first"),
)
  .option("--saga <name>", "only sagas of this name")
  .addOption(new Option("--status <status>", "those of this status instead").choices(STATUSES))
  .option("-n, --limit <number>", `how many at most (${PAGE})`, wholeNumber)
  .option("--json", "print a line of JSON for each saga")
  .action((given: ListArguments) => withSagas(given, (sagas) => showList(sagas, given)));

/** Prints what is wrong, then what there is. */
export async function showList(sagas: SagaOperations, given: ListArguments): Promise<number> {
  const { saga, status, json, limit = PAGE } = given;
  const found = await sagas.list({ saga, status }, limit);
  const stuck = found.filter((each) => each.status === "stuck");
  const code = stuck.length === 0 ? exit.fine : exit.wrong;
  if (json === true) {
    for (const each of found) await write(`${printableJson(each)}\n`);
    return code;
  }
  const [first] = stuck;
  if (first !== undefined) {
    const are = stuck.length === 1 ? "is" : "are";
    const what = `${countOf(stuck.length, "saga")} ${are} stuck: merp saga show ${first.saga} ${first.id}`;
    await write(adviceText(what));
  }
  if (found.length === 0) await write(`no saga is ${status ?? "under way"}\n`);
  else {
    const rows = found.map(({ saga, id, status, changedAt, error = "" }) => [
      ...[saga, id, status],
      ...[lengthOfTime(Date.now() - Date.parse(changedAt)), error],
    ]);
    await write(tableOfNames(["saga", "id", "status", "for", "why"], rows));
  }
  if (found.length === limit) await write("there may be more: give --limit\n");
  return code;
}
