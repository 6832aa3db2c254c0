import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { replacementOf } from "../on-cluster/redirect.js";
import { isOnCluster } from "./on-cluster.js";

/** From here the bundles find the repository's packages. */
const folder = fileURLToPath(new URL("../../node_modules/.cache/programs", import.meta.url));
/** Says where the sources of this package are, for programs that import it by its name. */
const tsconfig = fileURLToPath(new URL("../../examples/tsconfig.json", import.meta.url));
const bundles = new Map<string, Promise<string>>();

/** Each module of a bundle finds its neighbours from where its source is. */
const ownAddress: Plugin = {
  name: "own-address",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const address = JSON.stringify(pathToFileURL(path).href);
      return { loader: "ts", contents: source.replaceAll(/\bimport\.meta\.url\b/g, address) };
    });
  },
};

/** A program of a test that runs on a cluster looks for its Redis there, too. */
const redirected: Plugin = {
  name: "on-cluster",
  setup({ onResolve }) {
    if (!isOnCluster) return;
    onResolve({ filter: /./ }, ({ path, importer }) => {
      const by = replacementOf(path, importer);
      return by === undefined ? undefined : { path: by };
    });
  },
};

/**
 * Makes one JavaScript file of a program, and resolves to its path. It loads in a fifth of the processor's time that the
 * sources take, and the tests start many programs.
 */
export function bundleOf(program: string): Promise<string> {
  const known = bundles.get(program);
  if (known !== undefined) return known;
  const bundle = write(program);
  bundles.set(program, bundle);
  return bundle;
}

async function write(program: string): Promise<string> {
  const { outputFiles } = await build({
    ...{
      entryPoints: [program],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
    },
    ...{ write: false, tsconfig, logLevel: "silent", plugins: [redirected, ownAddress] },
  });
  const contents = outputFiles[0]?.contents as Uint8Array;
  const digest = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  const file = `${folder}/${basename(program, ".ts")}-${digest}.mjs`;
  // Others may write or run the same one.
  const draft = `${file}.${randomUUID()}`;
  await mkdir(folder, { recursive: true });
  await writeFile(draft, contents);
  await rename(draft, file);
  return file;
}
