import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { root, run, runInstalled } from "../package/program.js";
import { eventually } from "../support/eventually.js";
import { blocksOf } from "./blocks.js";
import { fileOf } from "./walk.js";

const readme = await readFile(join(root, "README.md"), "utf8");
const blocks = blocksOf(readme);
/** The TypeScript blocks, but for the files of the walk, which belong to another catalogue. */
const scripts = blocks.filter((block) => block.language === "ts" && fileOf(block) === undefined);
const tsx = createRequire(import.meta.url).resolve("tsx");

/** A copy of the catalogue to which the README's own message is added, and each of its TypeScript blocks as a file. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-readme-"));
  await cp(join(root, "schemas"), join(folder, "schemas"), { recursive: true });
  for (const linked of ["runtime", "node_modules"]) await symlink(join(root, linked), join(folder, linked));
  for (const { language, text, above } of blocks) {
    const [path] = /schemas\/events\/[\w.]+\.json/.exec(above) ?? [];
    if (language === "json" && path !== undefined) await writeFile(join(folder, path), text);
  }
  for (const [at, { text }] of scripts.entries()) await writeFile(join(folder, `block-${at + 1}.ts`), text);
  const paths = {
    "@m-erp/messaging": ["./generated/index.ts"],
    "@m-erp/messaging/operations": ["./runtime/operations/index.ts"],
    "@m-erp/messaging/runtime": ["./runtime/index.ts"],
    "@m-erp/messaging/testing": ["./generated/testing.ts"],
    "@m-erp/messaging/testing/vitest": ["./runtime/testing/runner/vitest.ts"],
  };
  const compilerOptions = { noEmit: true, declaration: false, isolatedDeclarations: false, rootDir: "/", paths };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await run("npm", ["run", "--silent", "generate", "--", "--schemas", join(folder, "schemas")]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("every TypeScript block of the README compiles under the strictest settings", async () => {
  expect(scripts.length).toBeGreaterThan(5);

  await runInstalled("tsc", ["-p", folder]);
});

test("publish and handle, as the README begins, greets the user and leaves on SIGTERM", async () => {
  await using redis = await startRedis();
  const env = { ...process.env, REDIS_URL: redis.url, TSX_TSCONFIG_PATH: join(folder, "tsconfig.json") };
  const service = spawn("node", ["--import", tsx, join(folder, "block-1.ts")], { env });
  try {
    let output = "";
    for (const stream of [service.stdout, service.stderr]) {
      stream.on("data", (text: Buffer) => {
        output += text.toString();
      });
    }
    await eventually(
      () => output,
      (seen) => seen.includes("Welcome, Ada!"),
      { what: "the greeting" },
    );
    const exit = once(service, "exit");
    service.kill("SIGTERM");

    expect(await exit).toEqual([0, null]);
    expect(output.trim()).toBe("Welcome, Ada!");
  } finally {
    service.kill("SIGKILL");
  }
});

test("every other block that is a program runs to its end", async () => {
  await using redis = await startRedis();
  const numbered = scripts.map(({ text }, at) => ({ text, number: at + 1 }));
  const programs = numbered.filter(({ text, number }) => number > 1 && !text.includes('"vitest"'));
  const outputs = await Promise.all(
    programs.map(({ number }) => {
      const environment = { REDIS_URL: redis.url, TSX_TSCONFIG_PATH: join(folder, "tsconfig.json") };
      return run("sh", ["-c", `node --import ${tsx} ${join(folder, `block-${number}.ts`)} 2>&1`], { environment });
    }),
  );

  expect(programs.length).toBeGreaterThan(3);
  expect(outputs.join("")).toContain("after_data.email must be an email address\n");
});

describe("the README's tables are complete:", () => {
  test("every variable that the runtime reads is explained", async () => {
    const files = ["config.ts", "redis-config.ts"].map((name) => join(root, "runtime/config", name));
    const source = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const variables = new Set([...source.join().matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)].map(([, name]) => name));

    expect(variables.size).toBeGreaterThan(25);
    expect([...variables].filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([]);
  });

  test("every code that an error can carry is explained", async () => {
    const source = await readFile(join(root, "runtime/errors.ts"), "utf8");
    const [union = ""] = /export type ErrorCode =[^;]*/.exec(source) ?? [];
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);

    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !readme.includes(`\n| \`${code}\` |`))).toEqual([]);
  });
});
