import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: { testTimeout: 30_000 },
  // Needed only in this repository: in a service, the installed package is resolved without an alias.
  resolve: {
    alias: [
      { find: /^@m-erp\/messaging$/, replacement: source("generated/index.ts") },
      { find: /^@m-erp\/messaging\/testing\/vitest$/, replacement: source("runtime/testing/runner/vitest.ts") },
      { find: /^@m-erp\/messaging\/testing$/, replacement: source("generated/testing.ts") },
    ],
  },
});
