import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, InvalidArgumentError, Option } from "commander";
import { printable } from "../contract/printable.js";
import { MessagingError } from "../errors.js";
import type { ReplayOptions, ReplayProgress, ReplayReport } from "../operations/index.js";
import type { ReplayedService, ServiceModule } from "../operations/replay/service-module.js";
import { countOf } from "../operations/wording.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { CommandError, conclude, exit, operatorCommand } from "./exit.js";
import { repeated } from "./options.js";
import { untilInterrupted, write } from "./output.js";
import { ProgressBar } from "./progress-bar.js";
import { table } from "./table.js";
import { positionAt, sinceOption } from "./time.js";

interface ReplayArguments extends CatalogueArguments, ChangeArguments {
  readonly stream?: string;
  readonly file?: string;
  readonly since?: string;
  readonly until?: string;
  readonly type?: readonly string[];
  readonly rate?: number;
  readonly checkpoint?: string;
  readonly restart?: true;
  readonly publishes: NonNullable<ReplayOptions["publishes"]>;
  readonly keepGoing?: true;
  readonly includeCommands?: true;
  readonly yesCommands?: true;
  readonly dryRun?: true;
}

/** `merp replay` */
export const replayCommand: Command = changing(
  readingMessages(
    operatorCommand("replay", "run a service's own handlers again over stored messages, unnoticed by others"),
  ),
)
  .argument("<module>", "a module of the service that exports register(messaging), or messaging")
  .option("-s, --stream <name>", "the stream (the only one that the service handles)")
  .option("-f, --file <path>", "messages of a file that merp tail --json --unmasked wrote")
  .option("--since <time | id>", "the first message: 2h (ago), a time, or an entry's id", positionAt(sinceOption, 0))
  .option("--until <time | id>", "the last message: 1h (ago), a time, or an entry's id", positionAt(sinceOption, 1))
  .option("-t, --type <type>", "only messages of this type; may be repeated", repeated)
  .option("--rate <number>", "how many messages a second at most", rateOption)
  .option("--checkpoint <file>", "where the position is kept (merp-replay-<service>.json)")
  .option("--restart", "begin anew, whatever the checkpoint says")
  .addOption(
    new Option("--publishes <what>", "what becomes of what handlers publish")
      .choices(["refuse", "suppress", "publish"])
      .default("refuse"),
  )
  .option("--keep-going", "go on after a message that fails, and list them at the end")
  .option("--include-commands", "also do again what commands ask for; needs --yes-commands as well")
  .option("--yes-commands", "it is right to do again what commands ask for")
  .option("--dry-run", "count what would be handled, and run no handler")
  .action(async (module: string, given: ReplayArguments) => {
    await conclude(() => runReplay(module, given));
    // What the module has opened and does not close, such as a pool of connections, would keep the process alive.
    process.exit();
  });

async function runReplay(path: string, given: ReplayArguments): Promise<number> {
  if (given.includeCommands === true && given.yesCommands !== true && given.dryRun !== true) {
    throw new CommandError(
      "--include-commands does again what was asked for once: if that is right, give --yes-commands as well",
    );
  }
  const signal = untilInterrupted();
  const module = await load(path);
  const { messagingOf } = await import("../operations/replay/service-module.js");
  const messaging = await messagingOf(module, await descriptorsOf(given));
  try {
    return await replayAll(messaging, module, given, signal);
  } finally {
    await messaging.close();
    await module.close?.();
  }
}

/** Counts what would be handled, asks, and then has it handled. */
async function replayAll(
  messaging: ReplayedService,
  { where }: ServiceModule,
  given: ReplayArguments,
  signal: AbortSignal,
): Promise<number> {
  const { replay } = await import("../operations/index.js");
  const checkpoint = given.checkpoint ?? `merp-replay-${messaging.service.replaceAll(/[^\w-]/g, "_")}.json`;
  const bar = new ProgressBar();
  const selection = await selectionOf(given);
  const options: ReplayOptions = {
    ...{ ...selection, signal, publishes: given.publishes },
    ...(where === undefined ? {} : { where }),
    onProgress: ({ share, ...progress }) => bar.show(share, countsOf(progress)),
  };
  const isResumed = given.restart !== true && existsSync(checkpoint);
  const planning = { ...options, ...(isResumed ? { checkpoint } : {}), dryRun: true, keepGoing: true };
  const planned = await replay(messaging, planning).catch(reportOf);
  bar.clear();
  await write(planTable(planned));
  if (planned.failed > 0) await write(`${countOf(planned.failed, "message")} cannot be read, and will fail\n`);
  if (given.dryRun === true || signal.aborted) return exit.fine;
  if (planned.handled + planned.failed === 0) {
    process.stderr.write("nothing is to be handled\n");
    return exit.fine;
  }
  const onwards = isResumed ? `, and go on where ${checkpoint} says` : "";
  const question = `run the handlers of ${messaging.service} again for these messages${onwards}?`;
  if (!(await isConfirmed(question, given))) return exit.wrong;
  if (given.restart === true) await rm(checkpoint, { force: true });
  return recordedReplay(messaging, given, { ...options, checkpoint, keepGoing: given.keepGoing === true }, bar);
}

async function recordedReplay(
  messaging: ReplayedService,
  given: ReplayArguments,
  options: ReplayOptions & { readonly checkpoint: string },
  bar: ProgressBar,
): Promise<number> {
  const { replay } = await import("../operations/index.js");
  const { Operator } = await import("../operations/operator.js");
  const { AuditTrail } = await import("../operations/audit/audit-trail.js");
  const operator = new Operator({}, { name: "replay" });
  try {
    const { stream, file, since, until, type, publishes, includeCommands } = given;
    const details = { stream, file, since, until, type, publishes, includeCommands };
    const change = changeOf(given, { action: "replay", target: messaging.service, details });
    let report: ReplayReport | undefined;
    await new AuditTrail(operator.config, operator.routes).recorded(change, async () => {
      report = await replay(messaging, options).catch(reportOf);
      const { end, handled, skipped, failed, position } = report;
      return { end, handled, skipped, failed, position };
    });
    bar.clear();
    return await tell(report as ReplayReport, options.checkpoint);
  } finally {
    operator.routes.close();
  }
}

/** A failed replay has its report. */
function reportOf(error: unknown): ReplayReport {
  const report = error instanceof MessagingError ? (error as { readonly report?: ReplayReport }).report : undefined;
  if (report === undefined) throw error;
  return report;
}

async function tell(report: ReplayReport, checkpoint: string): Promise<number> {
  for (const { type, entryId, stream, error } of report.failures) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    process.stderr.write(
      `${paint("red", "✗", process.stderr)} ${printable(`${type ?? "an entry"} ${entryId} of ${stream}: ${text}`)}\n`,
    );
  }
  const { end, suppressed } = report;
  const about = `${countsOf(report)}${suppressed === 0 ? "" : `, ${suppressed} publishes suppressed`}`;
  await write(`${end} ${about}\n`);
  if (end === "completed") return report.failed === 0 ? exit.fine : exit.wrong;
  process.stderr.write(`the same command goes on where it ended (${checkpoint}); --restart begins anew\n`);
  return exit.wrong;
}

function countsOf({ handled, skipped, failed }: Pick<ReplayProgress, "handled" | "skipped" | "failed">): string {
  return `${handled} handled, ${skipped} skipped${failed === 0 ? "" : `, ${failed} failed`}`;
}

function planTable({ byType, handled, skipped }: ReplayReport): string {
  const rows = Object.entries(byType).sort(([, one], [, other]) => other - one);
  const sum = `${handled} messages would be handled, and ${skipped} have no handler or are filtered out\n`;
  return rows.length === 0 ? sum : table(["type", "messages"], rows) + sum;
}

async function selectionOf({
  stream,
  file,
  since: from,
  until,
  type,
  rate,
  includeCommands,
}: ReplayArguments): Promise<ReplayOptions> {
  if (file !== undefined && stream !== undefined) throw new CommandError("give --stream or --file, not both");
  const { boundOf } = await import("../operations/replay/replay-source.js");
  const { fileSource } = await import("../operations/replay/file-source.js");
  const bounds = { from: boundOf(from, "from"), until: boundOf(until, "until") };
  return {
    ...(stream === undefined ? {} : { stream }),
    ...(file === undefined ? {} : { source: fileSource(file, bounds) }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(type === undefined ? {} : { types: type }),
    ...(rate === undefined ? {} : { rate }),
    ...(includeCommands === undefined ? {} : { includeCommands }),
  };
}

async function load(path: string): Promise<ServiceModule> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as ServiceModule;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isTypeScript = code === "ERR_UNKNOWN_FILE_EXTENSION" || /\.[cm]?ts$/.test(path);
    const advice = isTypeScript ? "; compile it first, or run merp with: node --import tsx" : "";
    throw new CommandError(`${path} cannot be loaded: ${message?.split("\n", 1)[0] ?? code}${advice}`);
  }
}

function rateOption(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1_000_000) return rate;
  throw new InvalidArgumentError("It must be a number of messages a second, above 0.");
}
