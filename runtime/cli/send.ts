import type { Command } from "commander";
import type { CommandDescriptor } from "../contract/descriptor.js";
import { maskedValue } from "../contract/masked-value.js";
import { printable } from "../contract/printable.js";
import { CommandFailedError, CommandTimeoutError } from "../errors.js";
import { descriptorsOf } from "./catalogue.js";
import { paint } from "./colour.js";
import { conclude, exit } from "./exit.js";
import {
  changingMessages,
  checkedDraft,
  describedAs,
  type MessageArguments,
  sourceOf,
  writingMessage,
} from "./message-change.js";
import { wholeNumber } from "./options.js";
import { write } from "./output.js";

interface SendArguments extends MessageArguments {
  readonly target?: string;
  readonly timeout?: number;
}

/** `merp send` */
export const sendCommand: Command = writingMessage("send", "send one command, and wait for its answer")
  .argument("<type>", "its type, such as validate_token")
  .option("--target <service>", "the service that is to run it (that of its schema)")
  .option("-t, --timeout <seconds>", "how long to wait for the answer (that of its schema, 30)", wholeNumber)
  .addHelpText(
    "after",
    `
On a terminal, without --file and --example, what its contract requires is asked for. The exit code is 1 if the command fails, or
no answer comes in time: it may still run then.
Examples:
  merp send validate_token --set payload.token=secret --target auth --dry-run
  merp send validate_token --example --target auth --timeout 5 --yes`,
  )
  .action((type: string, given: SendArguments) => conclude(() => runSend(type, given)));

async function runSend(type: string, given: SendArguments): Promise<number> {
  const descriptor = describedAs(
    await descriptorsOf(given),
    { type, stream: given.stream },
    { isMeant: ({ kind }) => kind === "command", otherwise: `${type} is no command: merp publish publishes it` },
  ) as CommandDescriptor<never>;
  const { target, timeout } = given;
  const content = {
    ...(target !== undefined && { target_service: target }),
    ...(timeout !== undefined && { timeout }),
  };
  const draft = await checkedDraft(descriptor, given, { content, done: "sent" });
  if (typeof draft === "number") return draft;
  const { sendDraft } = await import("../operations/messages/draft.js");
  const { id, target_service: to } = draft.message;
  let answer: unknown;
  try {
    const sent = await changingMessages({ action: "send", descriptor, to: String(to) }, given, async (extensions) => {
      answer = await sendDraft(descriptor, draft, { service: sourceOf(given), extensions });
      return { id: String(id) };
    });
    if (sent === undefined) return exit.wrong;
  } catch (error) {
    if (!(error instanceof CommandFailedError || error instanceof CommandTimeoutError)) throw error;
    const why = `${paint("red", "failed:", process.stderr)} ${printable(error.message)}`;
    process.stderr.write(`${why}\nmerp explain ${printable(String(id))} tells what became of it\n`);
    return exit.wrong;
  }
  await write(`${JSON.stringify(maskedValue(descriptor.result, answer).value ?? null, null, 2)}\n`);
  process.stderr.write(`${printable(String(to))} answered ${printable(type)}, id ${printable(String(id))}\n`);
  return exit.fine;
}
