import { readFile, rm } from "node:fs/promises";
import { generateCommand } from "../../../codegen/cli/generate.js";
import { type Files, sound } from "../catalogue.js";
import { type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();
const event = sound["events/order.placed.json"];

/** A message beside the one of the sound catalogue. */
export const paid = {
  ...event,
  description: "An order was paid.",
  properties: { ...event.properties, event_type: { const: "order.paid" } },
  examples: event.examples.map((example) => ({ ...example, event_type: "order.paid" })),
};

/** Stands for the compiler, which takes a second: the package's real one is tried in test/package. */
const COMPILER = `
const { cpSync, readdirSync, renameSync, writeFileSync } = require("node:fs");
if (process.env.REFUSES) { console.log("source/index.ts(1,1): error TS1: no"); process.exit(1); }
cpSync("source", "compiled", { recursive: true });
for (const path of readdirSync("compiled", { recursive: true })) {
  if (!path.endsWith(".ts")) continue;
  renameSync("compiled/" + path, "compiled/" + path.replace(/ts$/, "js"));
  writeFileSync("compiled/" + path.replace(/ts$/, "d.ts"), "export {};\\n");
}
`;

/** A project that makes packages of its catalogue in `out`. */
export class PackageProject implements AsyncDisposable {
  readonly folder: string;
  readonly #scratch: Scratch;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
    this.folder = scratch.folder;
  }

  static async create(): Promise<PackageProject> {
    const project = new PackageProject(await Scratch.create(sound));
    const facts = { name: "shop", private: true, license: "MIT", repository: "github:shop/shop", dependencies: {} };
    await project.write("package.json", JSON.stringify(facts));
    await project.write("LICENSE", "MIT\n");
    await project.install("@m-erp/messaging", { version: "0.1.3", engines: { node: ">=20.19" } });
    await project.install("typescript", { version: "5.9.0" });
    await project.write("node_modules/typescript/bin/tsc", COMPILER);
    return project;
  }

  async install(name: string, manifest: object): Promise<void> {
    await this.write(`node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
  }

  /** Generates a package of a catalogue, and tells what was printed and which version it is. */
  async make(
    schemas: Files,
    ...parameters: readonly string[]
  ): Promise<Outcome & { readonly version: string | undefined }> {
    await rm(this.path("schemas"), { recursive: true });
    await this.writeSchemas(schemas);
    const outcome = await this.merp("--package", "out", ...parameters);
    return { ...outcome, version: outcome.stdout.match(/^packaged \S+ (\S+) /)?.[1] };
  }

  /** Runs `merp generate`. */
  async merp(...parameters: readonly string[]): Promise<Outcome> {
    // A command keeps the options of its last run.
    for (const option of generateCommand.options) generateCommand.setOptionValue(option.attributeName(), undefined);
    for (const [name, value] of [
      ["schemas", "schemas"],
      ["format", "text"],
      ["cache", true],
    ] as const) {
      generateCommand.setOptionValue(name, value);
    }
    return this.within(() => runCommand(generateCommand, ...parameters));
  }

  async within<Result>(run: () => Promise<Result>): Promise<Result> {
    process.chdir(this.folder);
    try {
      return await run();
    } finally {
      process.chdir(home);
    }
  }

  path(path: string): string {
    return this.#scratch.path(path);
  }

  read(path: string): Promise<string> {
    return readFile(this.path(path), "utf8");
  }

  write(path: string, text: string): Promise<void> {
    return this.#scratch.write(path, text);
  }

  writeSchemas(schemas: Files): Promise<void> {
    return this.#scratch.writeSchemas(schemas);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}
