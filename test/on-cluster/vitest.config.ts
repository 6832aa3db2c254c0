import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import base from "../vitest.config.js";
import { replacementOf } from "./redirect.js";

const redirect: Plugin = {
  name: "on-cluster",
  enforce: "pre",
  resolveId: (module, importer) => (importer === undefined ? undefined : replacementOf(module, importer)),
};

/** What is not tried again, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  "test/faults/memory.test.ts": "It is about the heap of a process, and long.",
  "test/runtime/redis/{client,connection,find-answer,heartbeat,watchdog}.test.ts":
    "It is about one connection: its driver, its socket, and what its errors say.",
  "test/runtime/operations/one-at-a-time.test.ts": "It gives a client of its own, which is one of one Redis.",
  "test/runtime/redis/lua/scripts.test.ts": "It compares all keys of one Redis, and what that announces, step by step.",
  "test/runtime/{redis/replicas,operations/doctor/durability,encryption/redis-subjects}.test.ts":
    "It makes replicas of one Redis.",
  "test/runtime/{cli,config,contract,dashboard,telemetry,testing,time}/**":
    "It is about no Redis, or about one by its address.",
};

/** The tests of everything that talks to Redis, where a cluster stands for each Redis that they ask for. */
export default defineConfig({
  root: base.root as string,
  plugins: [redirect],
  test: {
    env: { TEST_ON_CLUSTER: "1" },
    setupFiles: [fileURLToPath(new URL("alone.ts", import.meta.url))],
    include: ["test/{conformance,runtime,faults}/**/*.test.ts"],
    exclude: Object.keys(elsewhere),
    reporters: ["default"],
    pool: "forks",
    // A worker keeps its clusters from file to file.
    isolate: false,
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
