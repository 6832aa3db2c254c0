import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Their files share a process: to load the source again for each takes longer than most of them do. */
const together = "test/{codegen,conformance,docs,foreign,hostile,interop,lint,runtime,wire}/**/*.test.ts";
/** Each of them has a process of its own. */
const rest = "test/!(codegen|conformance|docs|foreign|hostile|interop|lint|runtime|wire)/**/*.test.ts";
/** Those of them that are about the state of a process, or count its steps or objects: what others left would take long. */
const apart = [
  "test/codegen/growth/growth.test.ts",
  "test/hostile/worst.test.ts",
  "test/runtime/cli/dead-letters.test.ts",
  "test/runtime/contract/{linear,string-prototype}.test.ts",
  "test/runtime/handle/delivery-context.test.ts",
  "test/runtime/redis/foreign-records.test.ts",
  "test/runtime/testing/{arbitrary,redis,survives}/**/*.test.ts",
  "test/runtime/testing/messaging/jest.test.ts",
  "test/runtime/time/{clock,pause}.test.ts",
];

/** What takes longest, and guards what seldom changes: CI runs it with the rest, and `npm run test:long` by itself. */
const long = {
  together: [
    "test/codegen/assignable/**/*.test.ts",
    "test/foreign/foreign.test.ts",
    "test/runtime/consume/partitions.test.ts",
    "test/runtime/dashboard/browser.test.ts",
    "test/runtime/encryption/{canaries,commands,forgetting,retiring}.test.ts",
  ],
  apart: [
    "test/codegen/growth/**/*.test.ts",
    "test/examples/{contract-test,services,services-audit}.test.ts",
    "test/faults/memory.test.ts",
    "test/faults/partitions.test.ts",
    "test/package/{heartbeat,package}.test.ts",
    "test/{cluster,sentinel,postgres}/**/*.test.ts",
    "test/recipes/{recipes,transactions}.test.ts",
    "test/runtime/contract/linear.test.ts",
    "test/runtime/testing/redis/find.test.ts",
    "test/setups/servers.test.ts",
    "test/examples/demo-cluster.test.ts",
    "test/support/{cluster,sentinel}.test.ts",
  ],
};
const { CI, LONG } = process.env;
const left = CI !== undefined || LONG !== undefined ? [] : [...long.together, ...long.apart];

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
        test: {
          name: "together",
          include: LONG === "only" ? long.together : [together],
          exclude: [...apart, ...left],
          isolate: false,
          // Each of these processes has its share of the files from the beginning: with more of them none is left alone.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "apart",
          include: LONG === "only" ? long.apart : [rest, ...apart],
          exclude: left,
          typecheck: {
            enabled: LONG !== "only",
            include: ["test/types/**/*.test-d.ts"],
            tsconfig: "test/tsconfig.json",
          },
        },
      },
    ],
  },
});
