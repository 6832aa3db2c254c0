import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { impureTests, pureTests } from "./pure-tests.js";

const pure = Object.values(pureTests).flat();
const root = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  root,
  test: {
    reporters: ["default", fileURLToPath(new URL("support/summary-reporter.ts", import.meta.url))],
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        // To load the source takes longer than most of these tests do, and none leaves anything behind.
        test: { name: "pure", include: pure, exclude: [...impureTests], isolate: false },
      },
      {
        extends: true,
        test: {
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: [
            ...pure.filter((tests) => !tests.startsWith("test/runtime/contract/")),
            "test/runtime/contract/!(round-trip|string-prototype).test.ts",
          ],
          typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], tsconfig: "test/tsconfig.json" },
        },
      },
    ],
  },
});
