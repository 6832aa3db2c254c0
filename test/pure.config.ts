import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

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
    // Without those that run the compiler of TypeScript.
    "test/codegen/cases.test.ts",
    "test/codegen/check/{check,folder,tolerated}.test.ts",
    "test/codegen/model/{casing,component,flatten,form,implies,merge}.test.ts",
    "test/codegen/{official,schema,typescript}/*.test.ts",
  ],
};

/** Runs the quick tests first: a mutant that one of them notices is done. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification): number => Number(/\/(?:official|cases|check)\b/.test(moduleId));
    return files.toSorted((a, b) => cost(a) - cost(b));
  }
}

/** The tests of what needs neither Redis nor another process: those that `npm run mutants` runs for each mutant. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: tests[process.env["MUTANTS"] ?? "runtime"] ?? [],
    // One starts Redis, and one is about the state of a fresh process.
    exclude: ["test/runtime/contract/{round-trip,string-prototype}.test.ts"],
    // How many random values a property is tried with: each mutant waits for all of them.
    env: { RUNS: "5" },
    // Each mutant would wait until every file has loaded Ajv anew.
    isolate: false,
    sequence: { sequencer: QuickFirst },
    testTimeout: 30_000,
  },
});
