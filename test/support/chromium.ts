import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Whether there is a browser. Where everything has to be tried, a missing one is a failure. */
export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium && process.env["CI"]) throw new Error("Chromium is missing: apt-get install chromium");

// Without a sandbox, since root may not have one; and nothing that looks for the internet.
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser that knows nothing of others, and leaves nothing. */
export async function startChromium(): Promise<{ readonly context: BrowserContext } & AsyncDisposable> {
  const profile = mkdtempSync(join(tmpdir(), "merp-chromium-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
