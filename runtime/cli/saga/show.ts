import type { Command } from "commander";
import { printable, printableJson } from "../../contract/printable.js";
import { countOf } from "../../operations/wording.js";
import type { SagaDetails, SagaOperations } from "../../saga/operations.js";
import { adviceText } from "../advice.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { CommandError, exit, operatorCommand } from "../exit.js";
import { write } from "../output.js";
import { broken } from "../status/lines.js";
import { widthOf } from "../table.js";
import { withSagas } from "./tool.js";

interface ShowArguments extends DatabaseArguments {
  readonly json?: true;
}

/** `merp saga show` */
export const showCommand: Command = ofDatabase(
  operatorCommand("show", "show a saga: its state, what it waits for, and what it would undo"),
)
  .argument("<saga>", "its name")
  .argument("<id>", "its id")
  .option("--json", "print one line of JSON")
  .action((saga: string, id: string, given: ShowArguments) =>
    withSagas(given, (sagas) => show(sagas, saga, id, given)),
  );

/** Sensitive parts of the state are masked, as its schema marks them. */
export async function show(sagas: SagaOperations, saga: string, id: string, given: ShowArguments): Promise<number> {
  const found = await sagas.get(saga, id);
  if (found === undefined) {
    throw new CommandError(`there is no saga ${saga} ${id}: merp saga list shows those under way`);
  }
  const code = found.status === "stuck" ? exit.wrong : exit.fine;
  if (given.json === true) await write(`${printableJson(found)}\n`);
  else
    await write(
      linesOf(found)
        .map((line) => `${line}\n`)
        .join(""),
    );
  return code;
}

function linesOf(found: SagaDetails): readonly string[] {
  const { saga, id, status, error, begunAt, changedAt, version, correlationId, state, asks, timers, undo } = found;
  const stuck = `what undoes it was refused; when the cause is mended: merp saga retry ${saga} ${id}`;
  const lines = [
    `${saga} ${id} is ${status}`,
    ...(error === undefined ? [] : [`  why          ${error}`]),
    `  begun        ${begunAt}`,
    `  last step    ${changedAt}`,
    `  correlation  ${correlationId ?? "none"}`,
    `  state (${version})    ${JSON.stringify(state)}`,
    ...asks.map((ask) => {
      const when = ask.dueAt === undefined ? "by an operator" : ask.dueAt;
      const failed = ask.error === undefined ? "" : `, failed ${countOf(ask.attempts, "time")}: ${ask.error}`;
      return `  waits for    ${ask.command}${ask.isUndo ? " (undoes)" : ""}, sent again ${when}${failed}`;
    }),
    ...timers.map(
      ({ name, dueAt, error }) =>
        `  timeout      ${name} at ${dueAt}${error === undefined ? "" : `, failed: ${error}`}`,
    ),
    ...(undo.length === 0 ? [] : [`  would undo   ${undo.join(", ")}`]),
  ];
  const indented = lines.map(printable).map((line) => {
    const [indent = ""] = /^ */.exec(line) ?? [];
    return indent + broken(line.slice(indent.length), widthOf(), 2 * indent.length);
  });
  return [...(status === "stuck" ? [adviceText(stuck).trimEnd()] : []), ...indented];
}
