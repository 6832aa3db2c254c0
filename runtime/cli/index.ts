#!/usr/bin/env node
// cli/ is the merp command as a service has it, a file a command; it may import operations, and the private Redis of testing.
// What needs the generator it passes on.
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { dev, devUsage } from "./dev/dev.js";
import { findGenerator, GENERATOR, runGenerator } from "./generator.js";

/** The operator's commands. Each is loaded when it is asked for. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import("./doctor.js")).doctorCommand,
  dashboard: async () => (await import("./dashboard.js")).dashboardCommand,
  explain: async () => (await import("./explain.js")).explainCommand,
  publish: async () => (await import("./publish.js")).publishCommand,
  replay: async () => (await import("./replay.js")).replayCommand,
  tail: async () => (await import("./tail.js")).tailCommand,
  status: async () => (await import("./status/status.js")).statusCommand,
  "dead-letters": async () => (await import("./dead-letters/dead-letters.js")).deadLettersCommand,
  audit: async () => (await import("./audit.js")).auditCommand,
  pause: async () => (await import("./pause.js")).pauseCommand,
  resume: async () => (await import("./pause.js")).resumeCommand,
  paused: async () => (await import("./pause.js")).pausedCommand,
  retry: async () => (await import("./retry.js")).retryCommand,
  group: async () => (await import("./group.js")).groupCommand,
};

const FURTHER = `
Development:
${devUsage}

The commands init, new, import, generate, check, diff, docs, bundle and validate come with the generator: npm install --save-dev ${GENERATOR}
`;

// A reader that has seen enough, such as head, closes the pipe. The code is that of a program which SIGPIPE ends.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
}

const [asked = "--help", ...args] = process.argv.slice(2);

if (asked === "dev") {
  const generator = findGenerator();
  process.exitCode = await dev(args, generator && fileURLToPath(generator));
} else if (Object.hasOwn(commands, asked)) await runOperator([asked]);
else if (!(await runGenerator())) {
  if (["--help", "-h", "help"].includes(asked)) await runOperator(Object.keys(commands));
  else {
    process.stderr.write(
      `merp ${asked} needs the generator, which is not installed: npm install --save-dev ${GENERATOR}\n`,
    );
    process.exitCode = 1;
  }
}

async function runOperator(names: readonly string[]): Promise<void> {
  const program = new Command("merp").description("Runs and mends a system of services that talk over Redis.");
  program.addHelpText("after", FURTHER);
  for (const name of names) program.addCommand(await (commands[name] as () => Promise<Command>)());
  await program.parseAsync(["node", "merp", asked, ...args]);
}
