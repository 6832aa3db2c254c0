// `npm run setups`: tries the packed package in every supported runtime, Redis, compiler and test runner, and prints a table.

import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { run } from "../package/program.js";
import { runChecks, type Told } from "./checks.js";
import { compilers, folder, install, runtimes } from "./installation.js";
import { play, stories } from "./stories.js";

const [only = ""] = process.argv.slice(2);
let failures = 0;

/** One line of the table: what was tried, how many checks passed, and what failed. */
async function trial(name: string, checks: (told: Told) => Promise<void>): Promise<void> {
  if (!name.toLowerCase().includes(only.toLowerCase())) return;
  const failed: string[] = [];
  let passed = 0;
  await checks((check, error) => {
    if (error === undefined) passed++;
    else failed.push(`  ✗ ${check}: ${textOf(error)}`);
  }).catch((error: unknown) => failed.push(`  ✗ ${textOf(error)}`));
  failures += failed.length;
  const verdict = failed.length === 0 ? "✓" : "✗";
  process.stdout.write(`${verdict} ${name.padEnd(34)} ${passed} passed, ${failed.length} failed\n`);
  for (const line of failed) process.stdout.write(`${line}\n`);
}

async function compile(compiler: string, resolution: "nodenext" | "bundler", files: readonly string[]): Promise<void> {
  const config = {
    compilerOptions: {
      ...{ target: "es2022", lib: ["es2022", "esnext.disposable"], types: ["node"], strict: true, noEmit: true },
      ...{ module: resolution === "bundler" ? "esnext" : "nodenext", moduleResolution: resolution },
      ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
      // Types of test runners are for newer compilers than the oldest; ours are checked without.
      skipLibCheck: files.length > 1,
    },
    files,
  };
  const path = join(folder, `tsconfig.${compiler}.${resolution}.json`);
  await writeFile(path, JSON.stringify(config));
  const tsc = join(folder, "node_modules", compiler, "bin/tsc");
  await run(process.execPath, [tsc, "-p", path], { cwd: folder, limitMs: 120_000 });
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").slice(0, 12).join("\n      ");
}

/** Tells of a whole piece of work as one check. */
async function whole(told: Told, check: string, work: () => Promise<unknown>): Promise<void> {
  await work().then(
    () => told(check),
    (error: unknown) => told(check, error),
  );
}

process.stdout.write(`Installing into ${folder}\n`);
await install();

for (const [name, command] of Object.entries(runtimes)) {
  await trial(`${name}: conformance`, async (told) => {
    await using redis = await startRedis();
    await runChecks([...command, "conformance.mjs"], { REDIS_URL: redis.url }, told);
  });
  await trial(`${name}: faults`, (told) => play(stories, command, told));
}
for (const name of Object.keys(runtimes).filter((each) => each.startsWith("Node"))) {
  await trial(`${name}: CommonJS by require`, async (told) => {
    await using redis = await startRedis();
    await runChecks([...(runtimes[name] ?? []), "require.cjs"], { REDIS_URL: redis.url }, told);
  });
}
for (const version of ["redis-7", "redis-8", "valkey-8"] as const) {
  await trial(`${version}: conformance`, async (told) => {
    await using redis = await startRedis({ version });
    await runChecks([process.execPath, "conformance.mjs"], { REDIS_URL: redis.url }, told);
  });
}
for (const compiler of compilers) {
  await trial(compiler, async (told) => {
    for (const resolution of ["nodenext", "bundler"] as const)
      await whole(told, resolution, () => compile(compiler, resolution, ["service.ts"]));
  });
}
await trial("vitest", async (told) => {
  await whole(told, "contract test", () => run("npx", ["vitest", "run", "contract.vitest.test.ts"], { cwd: folder }));
  await whole(told, "typed matcher", () =>
    compile("typescript-7", "nodenext", ["contract.vitest.test.ts", "matchers.d.ts"]),
  );
});
await trial("Jest", async (told) => {
  // Jest strips no types, and sees nothing below node_modules.
  const outside = await mkdtemp(join(tmpdir(), "messaging-jest-"));
  await copyFile(join(folder, "contract.jest.test.ts"), join(outside, "contract.test.mjs"));
  await writeFile(join(outside, "package.json"), "{}");
  await symlink(join(folder, "node_modules"), join(outside, "node_modules"));
  const jest = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--testMatch", "**/*.test.mjs"];
  await whole(told, "contract test", () => run(process.execPath, jest, { cwd: outside }));
  await rm(outside, { recursive: true });
  await whole(told, "typed matcher", () =>
    compile("typescript-7", "nodenext", ["contract.jest.test.ts", "matchers.d.ts"]),
  );
});
await trial("node:test", (told) =>
  whole(told, "contract test", () => run(process.execPath, ["--test", "contract.node.mjs"], { cwd: folder })),
);
process.exitCode = failures === 0 ? 0 : 1;
