import { type Command, InvalidArgumentError } from "commander";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { type DatabaseArguments, ofDatabase, withDatabase } from "./database.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { wholeNumber } from "./options.js";
import { untilInterrupted } from "./output.js";

interface RelayArguments extends DatabaseArguments, CatalogueArguments {
  readonly concurrency?: number;
  readonly batchSize?: number;
  readonly poll?: number;
  readonly keepSent?: number;
  readonly listen: boolean;
}

/** `merp relay` */
export const relayCommand: Command = readingMessages(
  ofDatabase(operatorCommand("relay", "publish what a service's database has in its outbox, until it is interrupted")),
)
  .option("--concurrency <number>", "how many batches are published at once (2)", wholeNumber)
  .option("--batch-size <number>", "how many messages a batch has at most (1000)", wholeNumber)
  .option("--poll <seconds>", "how often it looks while nothing wakes it (1)", secondsOption)
  .option("--keep-sent <seconds>", "how long what was published is kept (MESSAGE_TTL)", secondsOption)
  .option("--no-listen", "do not wake at a commit: behind a pooler such as PgBouncer")
  .action((given: RelayArguments) => conclude(() => run(given)));

async function run(given: RelayArguments): Promise<number> {
  const signal = untilInterrupted();
  const { concurrency = 2, batchSize, poll, keepSent, listen } = given;
  process.env["SERVICE_NAME"] ||= "relay";
  const [{ messagingOf }, { startRelay }] = await Promise.all([
    import("../operations/replay/service-module.js"),
    import("../postgres/relay.js"),
  ]);
  const messaging = await messagingOf({ register: () => {} }, await descriptorsOf(given));
  const options = {
    ...{ concurrency, listen },
    ...(batchSize !== undefined && { batchSize }),
    ...(poll !== undefined && { pollSeconds: poll }),
    ...(keepSent !== undefined && { keepSentSeconds: keepSent }),
  };
  const relaying = withDatabase(
    given,
    async (pool) => {
      const relay = await startRelay(messaging as unknown as Parameters<typeof startRelay>[0], pool, options);
      process.stderr.write("relaying; Ctrl-C ends it\n");
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await relay.stop();
      return exit.fine;
    },
    concurrency + 2,
  );
  return relaying.finally(() => messaging.close());
}

function secondsOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds.");
}
