#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { CatalogueError, compile, formatProblem, generate, OutputTakenError } from "../index.js";
import { load } from "../load/load.js";

interface GenerateArguments {
  readonly schemas: string;
  readonly check?: true;
}

/** The `merp` command. Exits with 0, or with 1 when something is wrong with the user's files. */
const program = new Command("merp").description(
  "Generates a typed messaging SDK from JSON Schemas, and examines where it runs.",
);

program
  .command("generate")
  .description("check the schemas and generate TypeScript from them")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option("--check", "write nothing; print what would change and exit with 1 if anything would")
  .action(async ({ schemas, check }: GenerateArguments) => {
    await reporting(async () => {
      const { folder, messages, written, removed, unchanged } = await generate(schemas, { dryRun: check === true });
      const changes = [...written, ...removed];
      if (check === true) {
        // Loaded only here: writing needs no comparison to be shown.
        const { createTwoFilesPatch } = await import("diff");
        for (const { path, before, after } of changes) {
          process.stdout.write(
            createTwoFilesPatch(`${folder}/${path}`, `${folder}/${path}`, before, after, "present", "expected"),
          );
        }
        if (changes.length === 0) return;
        process.stderr.write(`${pc.red("stale")} ${count(changes.length, "file")} in ${folder}; run: merp generate\n`);
        process.exitCode = 1;
        return;
      }
      const parts = [`${written.length} written`, `${removed.length} removed`, `${unchanged} unchanged`];
      process.stdout.write(
        `${pc.green("generated")} ${count(messages, "message")} into ${folder}: ${parts.join(", ")}\n`,
      );
    });
  });

program
  .command("check")
  .description("check the schemas; exit with 1 if anything is wrong")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .action(async ({ schemas }: GenerateArguments) => {
    await reporting(async () => {
      const { messages } = await compile(load(schemas), schemas);
      process.stdout.write(`${pc.green("valid")} ${count(messages, "message")}\n`);
    });
  });

program
  .command("doctor")
  .description("examine the Redis that the environment names: every kind of message, and the streams that are there")
  .option("--timeout <seconds>", "how long one check may wait for its message", secondsOf, 10)
  .action(async ({ timeout }: { readonly timeout: number }) => {
    // Loaded only here: generating needs no Redis client.
    const { doctor } = await import("./doctor.js");
    if (!(await doctor(timeout))) process.exitCode = 1;
  });

await program.parseAsync();

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds, up to 3600.");
}

/** Prints what is wrong with the user's files as it is, without a stack; everything else is a bug and keeps its. */
async function reporting(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CatalogueError) {
      for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`);
      process.stderr.write(`${pc.red("invalid")} ${count(error.problems.length, "problem")}; nothing was written\n`);
    } else if (error instanceof OutputTakenError) process.stderr.write(`${pc.red("taken")} ${error.message}\n`);
    else throw error;
    process.exitCode = 1;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
