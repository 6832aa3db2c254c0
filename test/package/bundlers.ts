import { basename, dirname } from "node:path";
import { promisify } from "node:util";
import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild, transform } from "esbuild";
import { rollup as makeRollup, type Plugin } from "rollup";
import { build as makeVite } from "vite";
import makeWebpack, { type Configuration, type Stats } from "webpack";

/** A service and all that it imports, to become one minified file. */
export interface Bundling {
  readonly entry: string;
  readonly file: string;
  readonly format: "esm" | "cjs";
}

/** Bundles a service and resolves to what the bundler warned of. */
export type Bundler = (bundling: Bundling) => Promise<readonly string[]>;

/**
 * ioredis is CommonJS and requires Node's modules, which esbuild leaves to the `require` that it finds. An ECMAScript
 * module has none, so the bundle is given one.
 */
const REQUIRE = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`;

async function withEsbuild({ entry, file, format }: Bundling): Promise<readonly string[]> {
  const { warnings } = await esbuild({
    ...{ entryPoints: [entry], outfile: file, format, bundle: true, minify: true, platform: "node", target: "node20" },
    ...(format === "esm" && { banner: { js: REQUIRE } }),
    logLevel: "silent",
  });
  return warnings.map(({ text }) => text);
}

async function withRollup({ entry, file, format }: Bundling): Promise<readonly string[]> {
  const warnings: string[] = [];
  const minify = {
    name: "minify",
    renderChunk: (code: string) => transform(code, { minify: true, target: "node20" }),
  };
  const bundle = await makeRollup({
    input: entry,
    plugins: [nodeResolve({ preferBuiltins: true }), plugin(commonjs), plugin(json), minify],
    onLog(level, { code, ids = [], message }) {
      const isOfIoredis = code === "CIRCULAR_DEPENDENCY" && ids.every((id) => id.includes("/node_modules/ioredis/"));
      if (level === "warn" && !isOfIoredis) warnings.push(message);
    },
  });
  await bundle.write({ file, format, inlineDynamicImports: true });
  await bundle.close();
  return warnings;
}

/** Their types are those of CommonJS, which has the function elsewhere. */
function plugin(make: unknown): Plugin {
  return (make as () => Plugin)();
}

async function withWebpack({ entry, file, format }: Bundling): Promise<readonly string[]> {
  const isModule = format === "esm";
  const configuration: Configuration = {
    ...{ mode: "production", target: "node20", entry, experiments: { outputModule: isModule } },
    output: {
      ...{ path: dirname(file), filename: basename(file), module: isModule },
      ...(isModule && { chunkFormat: "module", library: { type: "module" } }),
    },
    performance: false,
  };
  const stats = (await promisify(
    makeWebpack as (of: Configuration, done: (e: Error | null, s?: Stats) => void) => void,
  )(configuration)) as Stats;
  const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true });
  return [...errors, ...warnings].map(({ message }) => message);
}

async function withVite({ entry, file, format }: Bundling): Promise<readonly string[]> {
  const warnings: string[] = [];
  await makeVite({
    ...{ root: dirname(entry), configFile: false, logLevel: "warn" },
    customLogger: {
      ...{ info: () => {}, clearScreen: () => {}, hasErrorLogged: () => false, hasWarned: false },
      ...{ warn: (text) => void warnings.push(text), warnOnce: (text) => void warnings.push(text) },
      error: (text) => void warnings.push(text),
    },
    ssr: { noExternal: true },
    build: {
      ...{ ssr: entry, outDir: dirname(file), emptyOutDir: false, minify: true },
      rollupOptions: { output: { format: format === "esm" ? "es" : "cjs", entryFileNames: basename(file) } },
    },
  });
  return warnings;
}

const isAll = process.env["BUNDLERS"] === "all";

/** What each run of the tests tries, and what `npm run bundlers` adds. */
export const bundlers: readonly (readonly [name: string, bundle: Bundler, format: Bundling["format"]])[] = [
  ["esbuild", withEsbuild, "esm"],
  ["esbuild", withEsbuild, "cjs"],
  ["rollup", withRollup, "esm"],
  ...(isAll
    ? ([
        ["rollup", withRollup, "cjs"],
        ["webpack", withWebpack, "esm"],
        ["webpack", withWebpack, "cjs"],
        ["vite", withVite, "esm"],
        ["vite", withVite, "cjs"],
      ] as const)
    : []),
];
