import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../package/program.js";
import { blocksOf } from "../readme/blocks.js";
import { type Child, startChild } from "../support/child.js";

/** Programs of a page, each in a file of its own, in a service that has installed what they need. */
export interface RecipeFolder extends AsyncDisposable {
  readonly path: string;
  start(name: string, environment: Record<string, string>): Promise<Child<never>>;
}

/** The last TypeScript block under a heading of a page, whose level is that of its number signs. */
export async function recipeIn(page: string, heading: string): Promise<string> {
  const text = await readFile(join(root, page), "utf8");
  const [section = ""] = text.split(`\n${heading}\n`)[1]?.split(/\n##+ /) ?? [];
  const block = blocksOf(section).findLast(({ language }) => language === "ts");
  if (block === undefined) throw new Error(`no recipe for ${heading}`);
  return block.text;
}

export async function recipeFolder(files: Readonly<Record<string, string>>): Promise<RecipeFolder> {
  const path = await mkdtemp(join(tmpdir(), "messaging-recipes-"));
  for (const linked of ["runtime", "generated", "node_modules"]) await symlink(join(root, linked), join(path, linked));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  const compilerOptions = {
    noEmit: true,
    skipLibCheck: true,
    declaration: false,
    isolatedDeclarations: false,
    experimentalDecorators: true,
    rootDir: "/",
    paths: {
      "@m-erp/messaging": ["./generated/index.ts"],
      "@m-erp/messaging/postgres": ["./runtime/postgres/index.ts"],
    },
  };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  await writeFile(join(path, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(path, "package.json"), JSON.stringify({ type: "module" }));
  const common = { DATABASE_URL: "", TSX_TSCONFIG_PATH: join(path, "tsconfig.json") };
  return {
    path,
    start: (name, environment) => startChild<never>(join(path, name), { environment: { ...common, ...environment } }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
