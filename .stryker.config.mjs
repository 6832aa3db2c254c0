/**
 * Mutation testing of what is pure. `npm run mutants` takes the runtime without its contract, which takes minutes; with
 * MUTANTS=contract and MUTANTS=codegen it takes the rest, which takes far longer. CONTRIBUTING.md says how to read it.
 */
const part = process.env["MUTANTS"] ?? "runtime";
const folder = `node_modules/.cache/stryker/${part}`;

const mutate = {
  runtime: [
    "runtime/broker/entry-id.ts",
    "runtime/config/*.ts",
    "runtime/consume/backlog.ts",
    "runtime/handle/{failure,retry-policy,router}.ts",
    "runtime/redis/{entry-decoder,handled-types,keys,reply}.ts",
    "runtime/time/*.ts",
  ],
  contract: ["runtime/contract/*.ts"],
  codegen: ["codegen/{model,schema,typescript}/*.ts", "codegen/check/{name,path,required}.ts"],
};

export default {
  testRunner: "vitest",
  vitest: { configFile: "test/pure.config.ts" },
  mutate: mutate[part],
  // What runs once, while a module is loaded, would need every test anew for each mutant.
  ignoreStatic: true,
  // TypeScript 7 has no API with which Stryker could rewrite a tsconfig.json, and none needs to be rewritten.
  tsconfigFile: "none",
  disableTypeChecks: false,
  concurrency: 2,
  timeoutMS: 60_000,
  incremental: true,
  incrementalFile: `${folder}/incremental.json`,
  reporters: ["clear-text", "progress", "html"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${folder}/index.html` },
  thresholds: { high: 95, low: 85, break: 85 },
};
