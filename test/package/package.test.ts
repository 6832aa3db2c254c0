import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { blocksOf } from "../readme/blocks.js";
import { root, run, runInstalled } from "./program.js";

const blocks = blocksOf(await readFile(join(root, "README.md"), "utf8"));

/** A service's folder, outside the repository, with the packed package installed in it as any user would. */
let folder: string;
let tarball: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-package-"));
  const [packed] = JSON.parse(await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder])) as [
    { filename: string },
  ];
  tarball = join(folder, packed.filename);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd: folder });
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a service outside the repository compiles under strict, publishes and receives, also of a catalogue of its own", async () => {
  const service = fileURLToPath(new URL("service", import.meta.url));
  const installed = join(folder, "node_modules/@m-erp/messaging");
  await copyFile(join(service, "main.ts.txt"), join(folder, "main.ts"));
  await cp(join(installed, "schemas/envelopes"), join(folder, "schemas/envelopes"), { recursive: true });
  await mkdir(join(folder, "schemas/events"));
  await copyFile(join(service, "catalogue.json"), join(folder, "schemas/catalogue.json"));
  await copyFile(join(service, "order.placed.json"), join(folder, "schemas/events/order.placed.json"));
  await run("npx", ["merp", "generate"], { cwd: folder });

  // Node's types are the service's own affair; the compiler is the repository's.
  await mkdir(join(folder, "node_modules/@types"), { recursive: true });
  await rm(join(folder, "node_modules/@types/node"), { recursive: true, force: true });
  await symlink(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        lib: ["es2023", "esnext.disposable"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        outDir: "dist",
        rootDir: ".",
      },
      include: ["main.ts", "generated"],
    }),
  );
  await runInstalled("tsc", ["-p", folder]);

  await using redis = await startRedis();
  const output = await run("node", ["dist/main.js"], { cwd: folder, environment: { REDIS_URL: redis.url } });

  expect(output.trim().split("\n").sort()).toEqual([
    "received order.placed 12.5",
    "received user.created ada.lovelace@example.com",
  ]);
}, 120_000);

test("the README's first program runs when it is pasted into a file of an empty project", async () => {
  const [first] = blocks.filter(({ language }) => language === "ts");
  await writeFile(join(folder, "welcome.mjs"), first?.text ?? "");
  await using redis = await startRedis();
  const env = { ...process.env, REDIS_URL: redis.url };
  const service = spawn("node", ["welcome.mjs"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const [greeting] = (await once(service.stdout, "data")) as [Buffer];
  expect(greeting.toString()).toBe("Welcome, Ada!\n");
  service.kill("SIGTERM");
  expect(await once(service, "exit")).toEqual([0, null]);
});

test("the README's own catalogue generates as it is written there", async () => {
  const shop = await mkdtemp(join(folder, "shop-"));
  await writeFile(join(shop, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await symlink(join(folder, "node_modules"), join(shop, "node_modules"));
  const commands = blocks.find(({ text }) => text.includes("merp generate\n") && text.includes("catalogue.json"));
  const message = blocks.find(({ above }) => above.includes("schemas/events/invoice.paid.json"));
  const [, ...steps] = (commands?.text ?? "").trim().split("\n");
  for (const step of steps) {
    if (step.startsWith("#")) await writeFile(join(shop, "schemas/events/invoice.paid.json"), message?.text ?? "");
    else expect(await run("sh", ["-c", step], { cwd: shop })).toMatch(/^$|^generated 1 message into generated: /);
  }
  expect(await readdir(join(shop, "generated"))).toContain("index.ts");
});

test("a catalogue that merp init began generates, compiles, and names meta-schemas that are there", async () => {
  const shop = await mkdtemp(join(folder, "begun-"));
  await writeFile(join(shop, "package.json"), "{}");
  await symlink(join(folder, "node_modules"), join(shop, "node_modules"));
  await run("npx", ["merp", "init", "--yes", "--no-install"], { cwd: shop });
  await run("npx", ["merp", "generate"], { cwd: shop });
  await runInstalled("tsc", ["-p", shop, "--noEmit"]);
  const settings = JSON.parse(await readFile(join(shop, ".vscode/settings.json"), "utf8")) as {
    readonly "json.schemas": readonly { readonly url: string }[];
  };
  expect(settings["json.schemas"]).toHaveLength(2);
  for (const { url } of settings["json.schemas"]) {
    expect(JSON.parse(await readFile(join(shop, url), "utf8"))).toHaveProperty("title");
  }
}, 60_000);

test("what the build does not compile is in the package too: the generator's templates", async () => {
  const sources = await Promise.all(["codegen", "runtime"].map((name) => filesIn(join(root, name), name)));
  const plain = sources.flat().filter((path) => !path.endsWith(".ts"));
  const packed = await filesIn(join(folder, "node_modules/@m-erp/messaging/dist"), "");

  expect(plain.length).toBeGreaterThan(1);
  expect(plain.filter((path) => !packed.includes(path))).toEqual([]);
});

test("the merp command answers where the package is installed", async () => {
  const help = await run("npx", ["merp", "--help"], { cwd: folder });

  expect(help).toContain("merp");
  expect(help).toContain("generate");
});

test("publint finds nothing wrong with the packed files", async () => {
  const { messages, pkg } = await publint({ pkgDir: join(folder, "node_modules/@m-erp/messaging"), strict: true });

  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("the types of every entry resolve for an ESM service", async () => {
  await runInstalled("attw", [tarball, "--profile", "esm-only"]);
}, 120_000);

async function filesIn(directory: string, prefix: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(prefix, relative(directory, join(entry.parentPath, entry.name))));
}
