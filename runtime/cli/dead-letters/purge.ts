import type { Command } from "commander";
import { askEach } from "../../operations/ask-each.js";
import type { PurgedGroup, PurgeRule } from "../../operations/index.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { CommandError, exit, operatorCommand } from "../exit.js";
import { table, widthOf } from "../table.js";
import { sinceOption } from "../time.js";
import { tellUnseen } from "../unseen.js";
import { interruptible, Progress } from "./run.js";
import { countOption } from "./selection.js";
import { type LetterTool, streamsOf, withLetters } from "./tool.js";
import { counted, enumerated } from "./words.js";

interface PurgeArguments extends ChangeArguments, CatalogueArguments {
  readonly settled?: true;
  readonly olderThan?: number;
  readonly keep?: number;
  readonly group?: string;
}

/** `merp dead-letters purge` */
export const purgeCommand: Command = readingMessages(
  changing(
    operatorCommand("purge", "remove dead letters for good: settled ones, old ones, or those beyond a number")
      .argument("[stream...]", "the streams to look in (all of the catalogue)")
      .option("--settled", "those that were redriven or discarded")
      .option("--older-than <time>", "those that died longer ago (30d), or before a time; also open ones", sinceOption)
      .option("--keep <number>", "those beyond so many of each group: first settled ones, then the oldest", countOption)
      .option("--group <name>", "those of this consumer group alone"),
  ),
).action((streams: string[], args: PurgeArguments) => withLetters(args, (tool) => purge(tool, streams, args)));

/** Removes dead letters, after it has told how many. */
export async function purge(tool: LetterTool, named: readonly string[], args: PurgeArguments): Promise<number> {
  const { settled, olderThan, keep, group } = args;
  if (settled === undefined && olderThan === undefined && keep === undefined) {
    throw new CommandError("name what to remove: --settled, --older-than <time> or --keep <number>");
  }
  const rule: PurgeRule = { settled, before: olderThan === undefined ? undefined : new Date(olderThan), keep, group };
  const plans: (PurgedGroup & { readonly stream: string })[] = [];
  const { unseen } = await askEach(tool.routes, await streamsOf(tool, named), async (stream) => {
    const plan = await tool.letters.purgePlan(stream, rule);
    plans.push(...plan.filter((each) => each.settled + each.open > 0).map((each) => ({ stream, ...each })));
  });
  const code = tellUnseen(unseen);
  const open = sumOf(plans, "open");
  const total = open + sumOf(plans, "settled");
  if (total === 0) {
    process.stdout.write("no dead letter is to be removed\n");
    return code;
  }
  const rows = plans.map((each) => [each.group, each.stream, each.settled, each.open, each.kept]);
  process.stderr.write(table(["group", "stream", "settled", "open", "kept"], rows, widthOf(process.stderr)));
  const loss = open === 0 ? "" : `, ${open.toLocaleString("en")} of them open, whose messages are lost`;
  if (!(await isConfirmed(`remove ${counted(total, "dead letter")}${loss}?`, args))) return exit.wrong;
  const streams = [...new Set(plans.map(({ stream }) => stream))];
  const change = changeOf(args, { action: "dead-letters purge", target: enumerated(streams), details: { ...rule } });
  const { removed, stopped } = await interruptible((signal) =>
    tool.audit.recorded(change, () => removeAll(tool, { streams, rule, total, signal })),
  );
  process.stdout.write(`removed ${counted(removed, "dead letter")}\n`);
  if (stopped === undefined) return code;
  process.stderr.write("interrupted: the same command goes on\n");
  return Math.max(code, exit.wrong);
}

interface Removal {
  readonly streams: readonly string[];
  readonly rule: PurgeRule;
  readonly total: number;
  readonly signal: AbortSignal;
}

async function removeAll(
  { letters }: LetterTool,
  { streams, rule, total, signal }: Removal,
): Promise<{ readonly removed: number; readonly stopped?: "interrupted" }> {
  const progress = new Progress(total, "removed");
  let removed = 0;
  try {
    for (const stream of streams) {
      for await (const count of letters.purge(stream, rule)) {
        removed += count;
        progress.show(removed);
        if (signal.aborted) return { removed, stopped: "interrupted" };
      }
    }
  } finally {
    progress.end();
  }
  return { removed };
}

function sumOf(plans: readonly PurgedGroup[], name: "open" | "settled"): number {
  return plans.reduce((sum, plan) => sum + plan[name], 0);
}
