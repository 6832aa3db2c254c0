import type { Command } from "commander";
import { printableJson } from "../../contract/printable.js";
import { countOf, lengthOfTime } from "../../operations/wording.js";
import type { OutboxOperations } from "../../postgres/outbox-operations.js";
import { adviceText } from "../advice.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { exit, operatorCommand } from "../exit.js";
import { broken } from "../status/lines.js";
import { table, widthOf } from "../table.js";
import { withOutbox } from "./tool.js";

interface StatusArguments extends DatabaseArguments {
  readonly json?: true;
}

/** `merp outbox status` */
export const statusCommand: Command = ofDatabase(
  operatorCommand("status", "how much waits, since when, and what cannot be published"),
)
  .option("--json", "print one line of JSON")
  .action((given: StatusArguments) => withOutbox(given, (outbox) => showStatus(outbox, given)));

/** Prints what is wrong, then what there is. */
export async function showStatus(outbox: OutboxOperations, { json }: StatusArguments): Promise<number> {
  const { advice, ...lag } = await outbox.health();
  const counts = await outbox.counts();
  const code = advice.length === 0 ? exit.fine : exit.wrong;
  if (json === true) {
    process.stdout.write(`${printableJson({ ...lag, advice, types: counts })}\n`);
    return code;
  }
  for (const each of advice) process.stdout.write(adviceText(each));
  const { waiting, oldest_waiting_seconds: age } = lag;
  const waits =
    waiting === 0
      ? "nothing waits"
      : `${countOf(waiting, "message")} to be published, the oldest for ${lengthOfTime(age * 1000)}`;
  process.stdout.write(`${broken(waits, widthOf(), 0)}\n`);
  if (counts.length === 0) return code;
  const rows = counts.map(({ type, stream, waiting, refused }) => [type, stream, waiting, refused]);
  process.stdout.write(table(["type", "stream", "waiting", "refused"], rows));
  return code;
}
