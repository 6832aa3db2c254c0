import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOf } from "../support/program-bundle.js";
import { type Files, textsOf } from "./catalogue.js";

/** The repository's own folder. */
export const repository = fileURLToPath(new URL("../../", import.meta.url));

/** The path of the command line's program. */
export const merpProgram = (): Promise<string> => bundleOf(join(repository, "codegen/cli/index.ts"));

/** What a program that ended left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder that is a project of its own: schemas, generated code, and a service that uses it. */
export class Scratch implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(schemas: Files): Promise<Scratch> {
    const scratch = new Scratch(await mkdtemp(join(tmpdir(), "merp-codegen-")));
    await scratch.writeSchemas(schemas);
    return scratch;
  }

  async writeSchemas(schemas: Files): Promise<void> {
    for (const [path, text] of textsOf(schemas)) await this.write(`schemas/${path}`, text);
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(this.path(path)), { recursive: true });
    await writeFile(this.path(path), text);
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** Runs the command line in this folder. */
  async merp(...parameters: readonly string[]): Promise<Outcome> {
    return run(process.execPath, [await merpProgram(), ...parameters], this.folder);
  }

  /** Type-checks this folder as strictly as the repository itself, with the repository's runtime. */
  async tsc(): Promise<Outcome> {
    const runtime = join(repository, "runtime");
    const options = {
      extends: join(repository, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        typeRoots: [join(repository, "node_modules/@types")],
        paths: {
          "@m-erp/messaging/runtime": [join(runtime, "index.ts")],
          "@m-erp/messaging/runtime/testing": [join(runtime, "testing/index.ts")],
        },
      },
      include: ["generated", "service.ts"],
    };
    await this.write("package.json", '{ "type": "module" }\n');
    await this.write("tsconfig.json", JSON.stringify(options));
    return tsc(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs the TypeScript compiler on a folder's `tsconfig.json`. */
export function tsc(folder: string, ...parameters: readonly string[]): Promise<Outcome> {
  const program = join(repository, "node_modules/typescript/bin/tsc");
  return run(process.execPath, [program, "-p", folder, ...parameters], folder);
}

function run(program: string, parameters: readonly string[], cwd: string): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(program, parameters, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
    });
  });
}
