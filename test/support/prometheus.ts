import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.js";

/** Whether Prometheus and promtool are there. Where everything has to be tried, missing ones are a failure. */
export const hasPrometheus: boolean = ["prometheus", "promtool"].every(
  (program) => spawnSync(program, ["--version"]).status === 0,
);
if (!hasPrometheus && process.env["CI"]) throw new Error("Prometheus is missing: apt-get install prometheus");

/** What Prometheus says of an alert. */
export interface RunningAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

/** A Prometheus that scrapes one place, and evaluates a file of rules, five times a second. */
export async function startPrometheus(
  target: string,
  rules: string,
): Promise<{ readonly alerts: () => Promise<readonly RunningAlert[]> } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "merp-prometheus-"));
  const port = await freePort();
  const config = {
    global: { scrape_interval: "200ms", scrape_timeout: "200ms", evaluation_interval: "200ms" },
    rule_files: [rules],
    scrape_configs: [{ job_name: "services", static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const args = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`];
  const server = spawn("prometheus", [...args, "--log.level=error"], { cwd: folder, stdio: "ignore" });
  const address = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${address}/-/ready`).catch(() => undefined))?.ok === true);
  return {
    async alerts() {
      const response = await fetch(`${address}/api/v1/alerts`);
      return ((await response.json()) as { data: { alerts: RunningAlert[] } }).data.alerts;
    },
    async [Symbol.asyncDispose]() {
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = once(server, "exit");
  server.kill("SIGKILL");
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
