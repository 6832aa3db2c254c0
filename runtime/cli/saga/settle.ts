import type { Command } from "commander";
import { countOf } from "../../operations/wording.js";
import type { SagaOperations } from "../../saga/operations.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { exit, operatorCommand } from "../exit.js";
import { say } from "../say.js";
import { withGroups } from "../with-groups.js";
import { withSagas } from "./tool.js";

type SettleArguments = DatabaseArguments & ChangeArguments;

/** `merp saga retry` */
export const retryCommand: Command = settling(
  operatorCommand("retry", "have the commands that a saga waits for sent now, when the cause is mended"),
  "retry",
);

/** `merp saga cancel` */
export const cancelCommand: Command = settling(
  operatorCommand("cancel", "fail a saga, so that what it did is undone"),
  "cancel",
);

function settling(command: Command, verb: "retry" | "cancel"): Command {
  return changing(ofDatabase(command))
    .argument("<saga>", "its name")
    .argument("<id>", "its id")
    .action((saga: string, id: string, given: SettleArguments) =>
      withSagas(given, (sagas) => settle(sagas, { verb, saga, id, given })),
    );
}

async function settle(
  sagas: SagaOperations,
  { verb, saga, id, given }: { verb: "retry" | "cancel"; saga: string; id: string; given: SettleArguments },
): Promise<number> {
  const question = `${verb} the saga ${saga} ${id}${verb === "cancel" ? ", and undo what it did" : ""}?`;
  if (!(await isConfirmed(question, given))) return exit.wrong;
  const change = changeOf(given, { action: `saga ${verb}`, target: `${saga} ${id}`, details: {} });
  return withGroups(async ({ trail }) => {
    let outcome = { count: 0, text: "" };
    await trail.recorded(change, async () => {
      outcome = await outcomeOf(sagas, { verb, saga, id, reason: reasonOf(given) });
      return { count: outcome.count };
    });
    say(outcome.text);
    return outcome.count === 0 ? exit.wrong : exit.fine;
  });
}

async function outcomeOf(
  sagas: SagaOperations,
  { verb, saga, id, reason }: { verb: "retry" | "cancel"; saga: string; id: string; reason: string },
): Promise<{ readonly count: number; readonly text: string }> {
  if (verb === "retry") {
    const count = await sagas.retry(saga, id);
    return {
      count,
      text: count === 0 ? "nothing was done: no command of it has failed" : `${countOf(count, "command")} due now`,
    };
  }
  const isCancelled = await sagas.cancel(saga, id, reason);
  const text = isCancelled
    ? "it has failed, and what it did is being undone"
    : "nothing was done: it has failed or ended";
  return { count: isCancelled ? 1 : 0, text };
}

function reasonOf({ who, why }: ChangeArguments): string {
  return `cancelled${who === undefined ? "" : ` by ${who}`}${why === undefined ? "" : `: ${why}`}`;
}
