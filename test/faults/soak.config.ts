import { defineConfig, mergeConfig } from "vitest/config";
import base from "../vitest.config.js";

/** The fault suite alone, with counts and durations that are for a night rather than for every change. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      env: { SOAK: "1" },
      maxWorkers: 2,
      testTimeout: 1_800_000,
      typecheck: { enabled: false },
    },
  }),
);
