import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { impureTests, pureTests } from "./pure-tests.js";

/** Tests that try random values, or generate and check whole catalogues, the longest last. */
const slow = [
  ...["/component.", "/flatten.", "/form.", "/merge."],
  ...["/keyword-value.", "/reference.", "/cases.", "/check/", "/official/"],
];

/** Runs the quick tests first: a mutant that one of them notices is done. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification): number => slow.findIndex((part) => moduleId.includes(part));
    return files.toSorted((a, b) => cost(a) - cost(b));
  }
}

const part = (process.env["MUTANTS"] ?? "runtime") as keyof typeof pureTests;

/** The tests of what needs neither Redis nor another process: those that `npm run mutants` runs for each mutant. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: [...pureTests[part]],
    exclude: [...impureTests],
    // How many random values a property is tried with: each mutant waits for all of them. Those of the contract are quick.
    env: { RUNS: part === "contract" ? "50" : "5" },
    // Each mutant would wait until every file has loaded Ajv anew.
    isolate: false,
    sequence: { sequencer: QuickFirst },
    testTimeout: 30_000,
  },
});
