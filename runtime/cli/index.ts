#!/usr/bin/env node
// cli/ is the merp command as a service has it; it may import operations, and the private Redis of testing. What needs the
// generator it passes on.
import { fileURLToPath } from "node:url";
import { dev, devUsage } from "./dev/dev.js";
import { doctor, doctorUsage } from "./doctor.js";
import { findGenerator, GENERATOR, runGenerator } from "./generator.js";

const USAGE = `Usage: merp <command>

${devUsage}
${doctorUsage}

The commands init, new, import, generate, check, diff, docs, bundle and validate come with the generator: npm install --save-dev ${GENERATOR}
`;

// A reader that has seen enough, such as head, closes the pipe. The code is that of a program which SIGPIPE ends.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
}

const [command = "--help", ...args] = process.argv.slice(2);

if (command === "doctor") process.exitCode = await doctor(args);
else if (command === "dev") {
  const generator = findGenerator();
  process.exitCode = await dev(args, generator && fileURLToPath(generator));
} else if (!(await runGenerator())) {
  const isHelp = ["--help", "-h", "help"].includes(command);
  process[isHelp ? "stdout" : "stderr"].write(
    isHelp
      ? USAGE
      : `merp ${command} needs the generator, which is not installed: npm install --save-dev ${GENERATOR}\n`,
  );
  process.exitCode = isHelp ? 0 : 1;
}
