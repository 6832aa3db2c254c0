import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What is replaced, for whom, and by what: where a test asks for one Redis it is given a cluster, and does not notice. */
const REPLACED: readonly (readonly [module: RegExp, importers: RegExp, by: string])[] = [
  [/\/redis-masters\.js$/, /^runtime\/config\//, "masters.ts"],
  [/^ioredis$/, /^test\/(?!support\/(?:cluster|sentinel))/, "ioredis.ts"],
  [/\/testing\/redis\/index\.js$/, /^test\/(?!support\/(?:cluster|sentinel))/, "redis.ts"],
  [/\/tcp-proxy\.js$/, /^test\/(?!support\/)/, "tcp-proxy.ts"],
];

/** @returns the path of the module to import instead */
export function replacementOf(module: string, importer: string): string | undefined {
  const from = relative(root, importer).replaceAll("\\", "/");
  if (from.startsWith("test/on-cluster/")) return undefined;
  const [, , by] = REPLACED.find(([name, importers]) => name.test(module) && importers.test(from)) ?? [];
  return by && `${here}${by}`;
}
