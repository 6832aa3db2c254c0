import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { blocksOf } from "../readme/blocks.js";
import { walk } from "../readme/walk.js";
import { root, run, runInstalled } from "./program.js";

const readme = await readFile(join(root, "README.md"), "utf8");
const blocks = blocksOf(readme);

/** A service's folder, outside the repository, with both packed packages installed in it as any user would. */
let folder: string;
/** A folder with the runtime's package only, as a production install has it. */
let production: string;
let tarballs: readonly [runtime: string, generator: string];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-package-"));
  production = await mkdtemp(join(tmpdir(), "messaging-production-"));
  tarballs = [await pack("."), await pack("./dist/generator")];
  for (const place of [folder, production]) {
    await writeFile(join(place, "package.json"), JSON.stringify({ private: true, type: "module" }));
  }
  await install(production, tarballs[0]);
  await install(folder, ...tarballs);
}, 240_000);

async function pack(place: string): Promise<string> {
  const options = ["--json", "--silent", "--pack-destination", folder];
  const [packed] = JSON.parse(await run("npm", ["pack", place, ...options])) as [{ filename: string }];
  return join(folder, packed.filename);
}

async function install(place: string, ...packages: readonly string[]): Promise<void> {
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages], { cwd: place });
}

afterAll(async () => {
  for (const place of [folder, production]) await rm(place, { recursive: true, force: true });
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

test("a hardened process publishes and handles with checks from generation time, and refuses to do without", async () => {
  const hardened = await mkdtemp(join(folder, "hardened-"));
  await writeFile(join(hardened, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await symlink(join(folder, "node_modules"), join(hardened, "node_modules"));
  await cp(join(folder, "schemas"), join(hardened, "schemas"), { recursive: true });
  await run("npx", ["merp", "generate", "--standalone"], { cwd: hardened });
  await copyFile(fileURLToPath(new URL("service/hardened.ts.txt", import.meta.url)), join(hardened, "main.ts"));
  // Code of one file, so that the process may be allowed to read no other.
  await build({
    ...{ entryPoints: [join(hardened, "main.ts")], outfile: join(hardened, "main.cjs") },
    ...{ bundle: true, format: "cjs", platform: "node", target: "node20", logLevel: "error" },
  });
  await using redis = await startRedis();
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  const flags = ["--disallow-code-generation-from-strings", permission, "--allow-worker"];
  // Of Node's own: on this version it may listen and connect without being asked.
  if (process.allowedNodeEnvironmentFlags.has("--allow-net")) flags.push("--allow-net");
  const output = await run("node", [...flags, `--allow-fs-read=${join(hardened, "main.cjs")}`, "main.cjs"], {
    cwd: hardened,
    environment: { REDIS_URL: redis.url },
  });
  expect(output.trim().split("\n")).toEqual([
    expect.stringMatching(/^CONFIG_INVALID .*merp generate --standalone/),
    "CONTRACT_VIOLATED after_data.total must be a number",
    "received 12.5",
    "heartbeat confirmed",
  ]);
}, 60_000);

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

test("the README's walk through a catalogue of its own does what it says, from an empty folder to a package and an import", async () => {
  const shop = await mkdtemp(join(folder, "shop-"));
  for (const name of ["@jsonresume", ".bin"]) await mkdir(join(shop, "node_modules", name), { recursive: true });
  // What the README's chapter installs; the rest is that of the repository.
  for (const name of ["@m-erp", ".bin/merp"])
    await symlink(join(folder, "node_modules", name), join(shop, "node_modules", name));
  for (const name of ["@jsonresume/schema", "@types", "tsx", "typescript", ".bin/tsx", ".bin/tsc"]) {
    await symlink(join(root, "node_modules", name), join(shop, "node_modules", name));
  }
  await walk(readme.slice(readme.indexOf("## Your own catalogue\n"), readme.indexOf("## More\n")), shop);
  await runInstalled("tsc", ["-p", shop, "--noEmit"]);
  expect(await readdir(join(shop, "package/dist"))).toContain("index.js");
  expect(await readFile(join(shop, "generated/index.ts"), "utf8")).toContain("resume.sent");
}, 120_000);

test("a catalogue that is begun by hand generates as docs/toolchain.md says", async () => {
  const shop = await mkdtemp(join(folder, "hand-"));
  await writeFile(join(shop, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await symlink(join(folder, "node_modules"), join(shop, "node_modules"));
  const page = blocksOf(await readFile(join(root, "docs/toolchain.md"), "utf8"));
  const commands = page.find(({ above }) => above.startsWith("**By hand**"));
  const message = blocks.find(({ above }) => above.includes("schemas/events/invoice.paid.json"));
  for (const step of (commands?.text ?? "").trim().split("\n")) {
    if (step.startsWith("#")) await writeFile(join(shop, "schemas/events/invoice.paid.json"), message?.text ?? "");
    else expect(await run("sh", ["-c", step], { cwd: shop })).toMatch(/^$|^generated 1 message into generated: /);
  }
  expect(await readdir(join(shop, "generated"))).toContain("index.ts");
});

const upcasters = `import { upcaster } from "@m-erp/messaging/runtime";
import { orderPlaced, orderPlacedV2 } from "../generated/index.js";

export const toV2 = upcaster(orderPlaced, orderPlacedV2, ({ after_data: { currency } }) => ({
  after_data: { name: currency },
}));
`;

test("a catalogue that merp init began generates, compiles, names meta-schemas that are there, and has its upcasters tried", async () => {
  const shop = await mkdtemp(join(folder, "begun-"));
  await writeFile(join(shop, "package.json"), "{}");
  await symlink(join(folder, "node_modules"), join(shop, "node_modules"));
  await run("npx", ["merp", "init", "--yes", "--no-install"], { cwd: shop });
  await run("npx", ["merp", "new", "event", "order.placed.v2"], { cwd: shop });
  await mkdir(join(shop, "src"));
  await writeFile(join(shop, "src/upcasters.ts"), upcasters);
  await writeFile(join(shop, "schemas/catalogue.json"), JSON.stringify({ upcasters: "../src/upcasters.ts" }));
  await run("npx", ["merp", "generate"], { cwd: shop });
  await runInstalled("tsc", ["-p", shop, "--noEmit"]);
  // Node alone finds no generated code behind its imports of .js.
  await symlink(join(root, "node_modules/tsx"), join(folder, "node_modules/tsx"));
  expect(await run("npx", ["merp", "check"], { cwd: shop })).toContain("upcast order.placed to order.placed.v2: 1000");
  const settings = JSON.parse(await readFile(join(shop, ".vscode/settings.json"), "utf8")) as {
    readonly "json.schemas": readonly { readonly url: string }[];
  };
  expect(settings["json.schemas"]).toHaveLength(2);
  for (const { url } of settings["json.schemas"]) {
    expect(JSON.parse(await readFile(join(shop, url), "utf8"))).toHaveProperty("title");
  }
}, 60_000);

test("a package of a catalogue installs in a service, type-checks and runs, and publint finds nothing wrong", async () => {
  const shop = await mkdtemp(join(folder, "published-"));
  const facts = { name: "shop", private: true, license: "MIT", repository: "github:shop/shop" };
  await writeFile(join(shop, "package.json"), JSON.stringify(facts));
  await symlink(join(folder, "node_modules"), join(shop, "node_modules"));
  // The compiler is the project's own, which is the repository's here.
  await symlink(join(root, "node_modules/typescript"), join(folder, "node_modules/typescript")).catch(() => {});
  await run("npx", ["merp", "init", "--yes", "--no-install", "--no-ci"], { cwd: shop });
  const made = ["merp", "generate", "--package", "package", "--package-name", "@shop/catalogue"];
  expect(await run("npx", made, { cwd: shop })).toMatch(/^packaged @shop\/catalogue 0\.1\.0 with 3 messages/);
  const options = ["--json", "--silent", "--pack-destination", shop];
  const [packed] = JSON.parse(await run("npm", ["pack", "./package", ...options], { cwd: shop })) as [Packed];
  expect(packed.files.map(({ path }) => path)).not.toContain("manifest.json");

  const service = await mkdtemp(join(folder, "till-"));
  const installed = join(service, "node_modules/@shop/catalogue");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(shop, packed.filename), "--strip-components", "1", "-C", installed]);
  await writeFile(join(service, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await copyFile(fileURLToPath(new URL("service/catalogue-user.ts.txt", import.meta.url)), join(service, "main.ts"));
  await writeFile(
    join(service, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], module: "nodenext", strict: true },
        ...{ exactOptionalPropertyTypes: true, types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
      },
      include: ["main.ts"],
    }),
  );
  await runInstalled("tsc", ["-p", service]);
  await using redis = await startRedis();
  const output = await run("node", ["main.js"], { cwd: service, environment: { REDIS_URL: redis.url } });
  expect(output).toBe("order.placed 12.5 EUR\n");

  const { messages, pkg } = await publint({ pkgDir: installed, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
}, 120_000);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

test("a production install has the runtime, Redis' client and Ajv, and nothing of the generator", async () => {
  const installed = await filesIn(join(production, "node_modules"), "");
  const packages = installed.flatMap((path) => /^((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? []);
  expect(packages.sort()).toEqual([
    ...[
      "@ioredis/commands",
      "@m-erp/messaging",
      "ajv",
      "cluster-key-slot",
      "commander",
      "debug",
      "denque",
      "fast-deep-equal",
    ],
    ...["fast-uri", "ioredis", "json-schema-traverse", "ms", "redis-errors", "require-from-string"],
    "standard-as-callback",
  ]);
  const sizes = await Promise.all(
    installed.map(async (path) => (await stat(join(production, "node_modules", path))).size),
  );
  expect(sizes.reduce((total, size) => total + size, 0)).toBeLessThan(8_000_000);
});

test("without the generator the merp command checks Redis, and says what to install for the rest", async () => {
  await using redis = await startRedis();
  const merp = (...parameters: readonly string[]): Promise<string> =>
    run("npx", ["merp", ...parameters], { cwd: production, environment: { REDIS_URL: redis.url } });
  expect(await merp("doctor")).toContain("healthy");
  expect(await merp("--help")).toContain("npm install -D @m-erp/messaging-codegen");
  await expect(merp("generate")).rejects.toThrow("npm install --save-dev @m-erp/messaging-codegen");
});

test("the dashboard has its style and its script in its code, and answers without Redis", async () => {
  await copyFile(
    fileURLToPath(new URL("service/dashboard.mjs.txt", import.meta.url)),
    join(production, "dashboard.mjs"),
  );
  const output = await run("node", ["dashboard.mjs"], {
    cwd: production,
    environment: { REDIS_URL: "redis://127.0.0.1:1" },
  });
  expect(output.trim().split("\n")).toEqual([
    "200 text/css; charset=utf-8 --paper",
    "200 text/javascript; charset=utf-8 merp-theme",
    "200 image/svg+xml; charset=utf-8 <svg",
    "503 text/html; charset=utf-8 127.0.0.1:1",
  ]);
});

test("what the build does not compile is in the packages too: the generator's templates, the migrations", async () => {
  const sources = await Promise.all(["codegen", "runtime"].map((name) => filesIn(join(root, name), name)));
  // The code of the dashboard holds its files.
  const isPlain = (path: string): boolean => !path.endsWith(".ts") && !path.startsWith("runtime/dashboard/assets/");
  const plain = sources.flat().filter(isPlain);
  const inGenerator = await filesIn(join(folder, "node_modules/@m-erp/messaging-codegen"), "");
  const packed = [...inGenerator, ...(await filesIn(join(folder, "node_modules/@m-erp/messaging/dist"), ""))];

  expect(plain.length).toBeGreaterThan(1);
  expect(plain.filter((path) => !packed.includes(path))).toEqual([]);
});

test("the merp command answers where the package is installed", async () => {
  const help = await run("npx", ["merp", "--help"], { cwd: folder });

  expect(help).toContain("merp");
  expect(help).toContain("generate");
  expect(help).toContain("doctor");
});

test.each(["messaging", "messaging-codegen"])(
  "publint finds nothing wrong with the packed files of %s",
  async (name) => {
    const { messages, pkg } = await publint({ pkgDir: join(folder, "node_modules/@m-erp", name), strict: true });

    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    const { license, repository, publishConfig } = pkg as Record<string, unknown>;
    expect({ license, repository, publishConfig }).toEqual({
      license: "MIT",
      repository: { type: "git", url: expect.stringMatching(/^git\+https:/) },
      publishConfig: { access: "public", provenance: true },
    });
  },
);

test("the links of the README lead to files that are in the package", async () => {
  const installed = join(production, "node_modules/@m-erp/messaging");
  const links = (await readFile(join(installed, "README.md"), "utf8")).matchAll(/\]\((?!https?:|#)([^)#]+)/g);
  const packed = await filesIn(installed, "");
  const missing = [...links].flatMap(([, link = ""]) =>
    packed.some((path) => path === link || path.startsWith(`${link}/`)) ? [] : [link],
  );
  // For those who change the package, not for those who use it.
  expect([...new Set(missing)]).toEqual(["CONTRIBUTING.md"]);
});

test("the types of every entry resolve for an ESM service", async () => {
  await runInstalled("attw", [tarballs[0], "--profile", "esm-only"]);
}, 120_000);

async function filesIn(directory: string, prefix: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(prefix, relative(directory, join(entry.parentPath, entry.name))));
}
