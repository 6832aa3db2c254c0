import { ConnectionError, MessagingError } from "../../errors.js";
import { askEach } from "../../operations/ask-each.js";
import type { DeadLetterFilter, DeadLetterState } from "../../operations/index.js";
import { type ChangeArguments, changeOf, isConfirmed } from "../change.js";
import { paint } from "../colour.js";
import { CommandError, exit } from "../exit.js";
import { tellUnseen } from "../unseen.js";
import { type LetterPlace, locate } from "./locate.js";
import { interruptible, type RunReport, type RunStep, runOver } from "./run.js";
import { filterOf, quoted, type SelectionArguments, selects, typed } from "./selection.js";
import { type LetterTool, streamsOf } from "./tool.js";
import { counted, enumerated, stateWords } from "./words.js";

/** What the commands take that settle letters. */
export interface SettleArguments extends SelectionArguments, ChangeArguments {
  readonly stream?: readonly string[];
  readonly all?: true;
  readonly limit?: number;
  readonly rate?: number;
}

/** One of the two ways to settle letters. */
export interface Settlement {
  readonly command: "redrive" | "discard";
  readonly verb: "redriven" | "discarded";
  /** What else a command to go on must say. */
  readonly options: string;
  one(place: LetterPlace): Promise<DeadLetterState>;
  each(stream: string, filter: DeadLetterFilter): AsyncIterable<RunStep>;
}

interface Batch {
  /** What is settled, for the question and the record. */
  readonly what: string;
  readonly target: string;
  readonly total: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** The exit code where everything is settled: letters may be out of reach. */
  readonly code: number;
  settled(): AsyncIterable<RunStep>;
  /** The command that goes on with what was not settled. */
  goOn(done: number): string;
}

/** Settles the letters that are named or selected, after a question, and records it. Resolves to the exit code. */
export async function settle(
  tool: LetterTool,
  ids: readonly string[],
  args: SettleArguments,
  settlement: Settlement,
): Promise<number> {
  const { command, verb } = settlement;
  const streams = await streamsOf(tool, args.stream);
  if (ids.length > 0 && (selects(args) || args.all === true)) {
    throw new CommandError("give ids, or what selects letters, and not both");
  }
  if (ids.length === 0 && !selects(args) && args.all !== true) {
    throw new CommandError(`name what to ${command}: ids, --cause or another selection, or --all`);
  }
  const batch =
    ids.length > 0
      ? await named(tool, ids, { streams, settlement })
      : await selected(tool, streams, { args, settlement });
  if (typeof batch === "number") return batch;
  const total = Math.min(batch.total, args.limit ?? batch.total);
  const question = `${command} ${total < batch.total ? `${total.toLocaleString("en")} of ` : ""}${batch.what}?`;
  if (!(await isConfirmed(question, args))) return exit.wrong;
  const { target, details } = batch;
  const change = changeOf(args, { action: `dead-letters ${command}`, target, details });
  const { limit, rate } = args;
  let report: RunReport | undefined;
  try {
    await interruptible((signal) =>
      tool.audit.recorded(change, async () => {
        report = await runOver(batch.settled(), { total, verb, limit, rate, signal });
        return recordOf(report, verb);
      }),
    );
  } finally {
    if (report !== undefined) tell(report, { batch, verb, total });
  }
  return report === undefined ? exit.undone : Math.max(batch.code, codeOf(report));
}

function recordOf({ done, leftCount, stopped }: RunReport, verb: string): Readonly<Record<string, unknown>> {
  const why = typeof stopped === "object" ? stopped.code : stopped;
  return { [verb]: done, ...(leftCount > 0 && { left: leftCount }), ...(why !== undefined && { stopped: why }) };
}

function codeOf({ leftCount, stopped }: RunReport): number {
  if (typeof stopped === "object") return exit.undone;
  return leftCount > 0 || stopped === "interrupted" ? exit.wrong : exit.fine;
}

function tell(
  { done, already, left, leftCount, stopped }: RunReport,
  { batch, verb, total }: { readonly batch: Batch; readonly verb: string; readonly total: number },
): void {
  process.stdout.write(`${verb} ${counted(done, "dead letter")}\n`);
  const error = (text: string): void => void process.stderr.write(`${text}\n`);
  if (already > 0) error(`${counted(already, "letter")} had been settled by others meanwhile`);
  for (const { id, error: why } of left) error(`${paint("yellow", "left", process.stderr)} ${id}: ${why.message}`);
  if (leftCount > left.length) error(`and ${leftCount - left.length} more were left for such reasons`);
  if (stopped === undefined || (stopped === "limit" && done >= batch.total)) return;
  const why = { interrupted: "interrupted", limit: "the limit is reached" };
  const text = typeof stopped === "object" ? stopped.message : why[stopped];
  error(
    `stopped after ${done} of ${stopped === "limit" ? batch.total : total}: ${text}\ngo on with: ${batch.goOn(done + leftCount + already)}`,
  );
}

async function named(
  tool: LetterTool,
  ids: readonly string[],
  { streams, settlement }: { readonly streams: readonly string[]; readonly settlement: Settlement },
): Promise<Batch | number> {
  const places: LetterPlace[] = [];
  for (const id of new Set(ids)) places.push(await locate(tool, id, streams, true));
  const open: { readonly place: LetterPlace; readonly group: string; readonly type: string | undefined }[] = [];
  for (const place of places) {
    const { state, group, type } = await tool.letters.get(place.stream, place.id);
    if (state.state === "open") open.push({ place, group, type });
    else process.stderr.write(`dead letter ${place.id} ${stateWords(state)}\n`);
  }
  const [first] = open;
  if (first === undefined) return exit.wrong;
  const targets = [...new Set(open.map(({ place }) => place.stream))];
  const groups = [...new Set(open.map(({ group }) => group))];
  const to = settlement.command === "redrive" ? ` to ${enumerated(groups)}` : "";
  const what =
    open.length === 1
      ? `dead letter ${first.place.id} of ${first.place.stream} (${first.type ?? "of no type"})`
      : `${open.length} dead letters of ${enumerated(targets)}`;
  return {
    what: what + to,
    target: targets.join(", "),
    total: open.length,
    details: { ids: open.map(({ place }) => place.id) },
    code: exit.fine,
    async *settled() {
      for (const { place } of open) yield await step(place, settlement);
    },
    goOn: (done) => {
      const rest = open.slice(done).map(({ place }) => place.id);
      return `merp dead-letters ${settlement.command} ${rest.join(" ")}${settlement.options}`;
    },
  };
}

async function step(place: LetterPlace, { one }: Settlement): Promise<RunStep> {
  try {
    return { letter: place, state: await one(place) };
  } catch (error) {
    if (!(error instanceof MessagingError) || error instanceof ConnectionError) throw error;
    return { letter: place, state: { state: "open" }, error };
  }
}

async function selected(
  tool: LetterTool,
  streams: readonly string[],
  { args, settlement }: { readonly args: SettleArguments; readonly settlement: Settlement },
): Promise<Batch | number> {
  const filter = filterOf(args);
  // What dies again in the meantime is not settled by the command that goes on.
  const until = args.until ?? Date.now();
  const counts: { readonly stream: string; readonly letters: number; readonly groups: readonly string[] }[] = [];
  const { found: seen, unseen } = await askEach(tool.routes, streams, async (stream) => {
    const { letters, causes } = await tool.letters.causes(stream, filter);
    if (letters > 0) counts.push({ stream, letters, groups: causes.map(({ group }) => group) });
    return stream;
  });
  const code = tellUnseen(unseen);
  const total = counts.reduce((sum, { letters }) => sum + letters, 0);
  if (total === 0) {
    if (args.cause !== undefined && code === exit.fine) await assertCause(tool, streams, args.cause);
    process.stdout.write(`no open dead letter matches in ${enumerated(seen)}\n`);
    return code;
  }
  const targets = counts.map(({ stream }) => stream);
  const groups = [...new Set(counts.flatMap((each) => each.groups))];
  const to = settlement.command === "redrive" ? ` to ${enumerated(groups)}` : "";
  const named = (args.stream ?? []).map((name) => ` --stream ${quoted(name)}`).join("");
  return {
    what: `${counted(total, "dead letter")} of ${enumerated(targets)}${to}`,
    target: targets.join(", "),
    total,
    details: { ...filter, limit: args.limit },
    code,
    async *settled() {
      for (const stream of targets) yield* settlement.each(stream, filter);
    },
    goOn: () => `merp dead-letters ${settlement.command} ${typed({ ...args, until })}${named}${settlement.options}`,
  };
}

/** @throws {CommandError} no letter in any state has the cause */
async function assertCause({ letters }: LetterTool, streams: readonly string[], cause: string): Promise<void> {
  for (const stream of streams) {
    if ((await letters.causes(stream, { cause, state: "any" })).letters > 0) return;
  }
  throw new CommandError(`no dead letter has the cause ${cause}: merp dead-letters groups tells the causes`);
}
