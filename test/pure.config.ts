import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const tests: Readonly<Record<string, string[]>> = {
  runtime: [
    "test/runtime/broker/*.test.ts",
    "test/runtime/config/*.test.ts",
    "test/runtime/consume/backlog.test.ts",
    "test/runtime/handle/{failure,retry-policy,router}.test.ts",
    "test/runtime/redis/{entry-decoder,handled-types,keys,reply}.test.ts",
    "test/runtime/time/{clock,deadline,pause}.test.ts",
  ],
  contract: ["test/runtime/contract/*.test.ts"],
  codegen: [
    "test/codegen/{cases,check/check,model/flatten,model/form,model/implies,official/suite,typescript/literal}.test.ts",
  ],
};

/** The tests of what needs neither Redis nor another process: those that `npm run mutants` runs for each mutant. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: tests[process.env["MUTANTS"] ?? "runtime"] ?? [],
    // It starts Redis.
    exclude: ["test/runtime/contract/round-trip.test.ts"],
    // How many random schemas a property is checked with: each mutant waits for all of them.
    env: { RUNS: "20" },
    testTimeout: 30_000,
  },
});
