import { type Command, InvalidArgumentError, Option } from "commander";
import { printable, printableJson } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import type { Problem } from "../../operations/diagnosis/problem.js";
import type { Status } from "../../operations/status/status.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "../catalogue.js";
import { paint } from "../colour.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { durationOption } from "../time.js";
import { lineOf, nagiosExit, nagiosState, nagiosText } from "./nagios.js";
import { statusText } from "./text.js";

interface StatusArguments extends CatalogueArguments {
  readonly format: "text" | "json" | "nagios" | "prometheus";
  /** In ms; `true` for the usual interval. */
  readonly watch?: number | true;
  readonly stream?: readonly string[];
  readonly json?: true;
}

/** How a format shows a look, and one that failed; and the exit codes. */
interface Format {
  readonly show: (status: Status, problems: readonly Problem[]) => string;
  /** On standard output; `undefined` where the error goes to standard error alone. */
  readonly fail?: (error: Error) => string;
  readonly code: (problems: readonly Problem[]) => number;
  /** @defaultValue as every command: one line on standard error */
  readonly failed?: (error: Error) => number;
}

const EVERY_MS = 2000;
const SHORTEST_MS = 100;
const CLEAR = "\u001b[2J\u001b[H";

/** `merp status` */
export const statusCommand: Command = readingMessages(
  operatorCommand(
    "status",
    "say what is wrong with the messaging of all services, and what mends it; then what there is",
  ),
)
  .option("-s, --stream <name>", "look at this stream only; may be repeated (those of the catalogue)", together)
  .option(
    "--watch [interval]",
    "look again and again, every 2s or as often as is said, and show how much things grow",
    interval,
  )
  .addOption(
    new Option("--format <format>", "how to print it")
      .choices(["text", "json", "nagios", "prometheus"])
      .default("text"),
  )
  .option("--json", "the same as --format json")
  .action((args: StatusArguments) => conclude(() => run(args)));

async function run(args: StatusArguments): Promise<number> {
  const format = await formatOf(args.json === true ? "json" : args.format);
  try {
    return await show(args, format);
  } catch (error) {
    if (format.fail === undefined || !(error instanceof MessagingError || error instanceof CommandError)) throw error;
    process.stdout.write(format.fail(error));
    if (format.failed === undefined) throw error;
    return format.failed(error);
  }
}

async function show({ watch, stream, catalogue }: StatusArguments, format: Format): Promise<number> {
  const messages = await descriptorsOf({ ...(catalogue === undefined ? {} : { catalogue }) });
  // Imported here because they bring the Redis client.
  const { StatusReader } = await import("../../operations/status/reader.js");
  const { diagnose } = await import("../../operations/diagnosis/diagnose.js");
  await using reader = new StatusReader({ messages, ...(stream === undefined ? {} : { streams: stream }) });
  if (watch === undefined) {
    const status = await reader.read();
    const problems = diagnose(status);
    process.stdout.write(format.show(status, problems));
    return format.code(problems);
  }
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ending.abort());
  let code: number = exit.fine;
  for await (const seen of reader.watch(watch === true ? EVERY_MS : watch, ending.signal)) {
    if (ending.signal.aborted) break;
    const isFailure = seen instanceof MessagingError;
    const problems = isFailure ? [] : diagnose(seen);
    const text = isFailure ? failureText(seen, format) : format.show(seen, problems);
    process.stdout.write(`${process.stdout.isTTY === true ? CLEAR : ""}${text}`);
    code = isFailure ? (format.failed?.(seen) ?? exit.undone) : format.code(problems);
  }
  return code;
}

/** In a watch a failure is news like any other. */
function failureText(error: Error, { fail }: Format): string {
  return fail?.(error) ?? `${paint("red", "error:")} ${printable(error.message)}\n`;
}

async function formatOf(name: StatusArguments["format"]): Promise<Format> {
  switch (name) {
    case "text":
      return { code: codeOf, show: statusText };
    case "json":
      return { code: codeOf, show: (status, problems) => `${printableJson({ problems, ...status })}\n` };
    case "nagios":
      return {
        show: (status, problems) => `${nagiosText(status, problems)}\n`,
        fail: (error) => `${lineOf(isAway(error) ? "critical" : "unknown", error.message)}\n`,
        code: (problems) => nagiosExit[nagiosState(problems)],
        failed: (error) => (isAway(error) ? nagiosExit.critical : nagiosExit.unknown),
      };
    case "prometheus": {
      const { prometheusDown, prometheusText } = await import("../../operations/status/prometheus.js");
      return { code: codeOf, show: prometheusText, fail: prometheusDown };
    }
  }
}

function codeOf([worst]: readonly Problem[]): number {
  return worst?.severity === "critical" ? exit.undone : worst?.severity === "warning" ? exit.wrong : exit.fine;
}

/** Redis does not answer: that is not an unknown state, but a known one. */
function isAway(error: Error): boolean {
  return error instanceof MessagingError && error.code === "REDIS_UNAVAILABLE";
}

function together(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function interval(text: string): number {
  const everyMs = durationOption(text);
  if (everyMs >= SHORTEST_MS && everyMs <= 86_400_000) return everyMs;
  throw new InvalidArgumentError("It must be a length of time from 100ms to 1d.");
}
