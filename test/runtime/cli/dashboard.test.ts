import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { bundleOf } from "../../support/program-bundle.js";

const folder = mkdtempSync(join(tmpdir(), "merp-dashboard-"));
const catalogue = join(folder, "catalogue.mjs");
writeFileSync(catalogue, 'export const noted = { kind: "event", type: "noted", stream: "events", schema: {} };\n');
afterAll(() => rmSync(folder, { recursive: true }));
const merp = await bundleOf(fileURLToPath(new URL("../../../runtime/cli/index.ts", import.meta.url)));

/** Runs the command, and collects what it says. */
function run(...args: readonly string[]): { readonly child: ChildProcess; said: string } {
  const env = { ...process.env, REDIS_URL: "redis://127.0.0.1:1", MERP_DASHBOARD_TOKEN: "", NO_COLOR: "1" };
  const child = spawn(process.execPath, [merp, "dashboard", "--catalogue", catalogue, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = { child, said: "" };
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (running.said += String(text)));
  return running;
}

it("serves the page until it is told to end, and makes a token", async () => {
  const running = run("--port", "0", "--token");
  while (!running.said.includes("the token:")) await once(running.child.stdout as NodeJS.ReadableStream, "data");
  const [, address = "", token] =
    /^(http:\/\/127\.0\.0\.1:\d+\/)\nthe token: ([0-9a-f]{32})\n$/.exec(running.said) ?? [];
  const headers = { authorization: `Bearer ${token}`, "x-merp-part": "main" };
  expect((await fetch(address, { headers: { "x-merp-part": "main" } })).status).toBe(401);
  const page = await fetch(address, { headers });
  // Redis is not there, which the page says.
  expect([page.status, (await page.text()).includes("127.0.0.1:1")]).toEqual([503, true]);
  running.child.kill("SIGTERM");
  expect(await once(running.child, "exit")).toEqual([0, null]);
});

it("says what hinders it: an address that others reach, a port that is taken, a token that is too short", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  const refused = async (...args: readonly string[]): Promise<string> => {
    const running = run(...args);
    const [code] = (await once(running.child, "close")) as [number];
    return `${code} ${running.said.trim()}`;
  };
  const [open, taken, short] = await Promise.all([
    refused("--host", "0.0.0.0"),
    refused("--port", String(port)),
    refused("--token", "short"),
  ]);
  expect(open).toBe("2 error: 0.0.0.0 is reached from other machines, so reading needs a token, too: add --token");
  expect(taken).toBe(`2 error: port ${port} is taken: choose another with --port, or 0 for a free one`);
  expect(short).toMatch(/^2 error: .*has 5 characters and needs 16/);
  server.close();
});
