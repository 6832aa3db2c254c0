import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { type BuildOptions, type BuildResult, build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyBuilt } from "./built.js";
import { root } from "./program.js";

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  // Where it finds what it depends on.
  const cache = join(root, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "package-"));
  await copyBuilt(folder);
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the built package", () => {
  it("has Node load a few files, however many messages there are", async () => {
    const { files, packages } = await loadedBy("generated/index.js");
    // Each set of entries that share code has a file.
    expect(files.length).toBeLessThanOrEqual(16);
    expect(packages).toEqual([]);
  });

  it("has Node load no Ajv before a schema is compiled", async () => {
    const loaded = await loadedBy("generated/index.js");
    expect(loaded.files.filter((file) => /load-ajv/.test(file))).toHaveLength(1);
  });

  it("has Node load no client of Redis before there is a connection, and none at all for a test in memory", async () => {
    const loads =
      "const { createRequire } = await import('node:module'); const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/ioredis/'));";
    const testing = `
      const { createTestMessaging, exampleUserCreated } = await import("./generated/testing.js");
      const { onUserCreated, publishUserCreated } = await import("./generated/index.js");
      const messaging = createTestMessaging({ service: "billing" });
      const { entity_id, after_data } = exampleUserCreated();
      let handled = 0;
      onUserCreated(messaging, () => { handled++; });
      await messaging.start();
      await publishUserCreated(messaging, { entity_id, after_data });
      await messaging.settled();
      await messaging.close();
      const before = loaded();
      const { createMessaging } = await import("./generated/index.js");
      await createMessaging({ service: "billing", env: {} }).close();
      console.log(JSON.stringify({ handled, before, after: loaded() }));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", `${loads}${testing}`], {
      cwd: folder,
    });
    expect(JSON.parse(stdout)).toEqual({ handled: 1, before: false, after: true });
  });

  it("has the generator load no client of Redis", async () => {
    const { files, packages } = await loadedBy("generator/codegen/cli/index.js");
    expect(files.length).toBeLessThanOrEqual(6);
    expect(packages).toContain("commander");
    expect(packages).not.toContain("ioredis");
  });

  it.each(["publishUserCreated", "onUserCreated", "sendValidateToken", "notifySuccess", "publishHealthReport"])(
    "leaves a bundle of %s without the validator, and without any code but the helper's own",
    async (helper) => {
      const { text, imported, code } = await minified(`export { ${helper} } from "./generated/index.js"`);
      expect(text).toContain("properties:");
      expect(text).not.toContain("~standard");
      expect(imported).toEqual([]);
      expect(text).not.toContain("logged_in");
      expect(code).toHaveLength(1);
    },
  );

  it("leaves a bundle without the messages that it does not use", async () => {
    const { text, imported } = await minified(`export { userCreated } from "./generated/index.js"`);
    expect(text).toContain('"user.created"');
    expect(text).not.toContain("user.logged_in");
    expect(text).toContain("~standard");
    // Neither a client of Redis nor a module of Node: a descriptor validates in a browser, too, for which it has Ajv.
    expect(imported).toEqual(["ajv/dist/2020.js"]);
  });

  it("reads no file by its own path, which it loses in a bundle", async () => {
    const entries = ["generated/index", "generated/testing", "runtime/testing/index", "runtime/operations/index"];
    const { outputFiles } = await bundled(
      entries.map((entry, at) => `export * as _${at} from "./${entry}.js"`).join(";"),
    );
    const [{ text } = { text: "" }] = outputFiles;
    expect(text).toContain("new Worker(");
    expect(text.match(/.*import\.meta.*/g)).toBeNull();
  });

  it("has one of each class, whichever of its entries it comes from", async () => {
    const main = (await import(join(folder, "generated/index.js"))) as Record<string, unknown>;
    const runtime = (await import(join(folder, "runtime/index.js"))) as Record<string, unknown>;
    const testing = (await import(join(folder, "runtime/testing/index.js"))) as {
      contractIssues(descriptor: unknown, message: unknown): unknown[];
      assertContract(descriptor: unknown, message: unknown): void;
    };
    expect(main["ContractError"]).toBe(runtime["ContractError"]);
    expect(() => testing.assertContract(main["userCreated"], {})).toThrow(main["ContractError"] as new () => Error);
  });
});

/** The files of ours and the packages that Node loads before a module of ours runs. */
async function loadedBy(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const { metafile } = await bundled(`export * from "./${entry}"`);
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    files.add(file);
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind !== "import-statement" || path.startsWith("node:")) continue;
      if (external === true) packages.add(path);
      else if (!files.has(path)) visit(path);
    }
  };
  visit("<stdin>");
  files.delete("<stdin>");
  return { files: [...files], packages: [...packages] };
}

/** A minified bundle: its text, what it imports, and the files of the package whose code is in it. */
async function minified(contents: string): Promise<{ text: string; imported: string[]; code: string[] }> {
  const { outputFiles, metafile } = await bundled(contents, { minify: true });
  const outputs = Object.values(metafile.outputs);
  const parts = outputs.flatMap(({ inputs }) => Object.entries(inputs));
  return {
    text: outputFiles.map((file) => file.text).join("\n"),
    imported: outputs.flatMap(({ imports }) => imports.map(({ path }) => path)).sort(),
    code: parts
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => relative(folder, join(root, file))),
  };
}

/** What a bundler makes of a module that imports from the package. */
function bundled(contents: string, options: BuildOptions = {}): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    ...options,
    stdin: { contents, resolveDir: folder },
    bundle: true,
    format: "esm",
    logLevel: "error",
    metafile: true,
    packages: "external",
    platform: "node",
    write: false,
  });
}
