import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { obtainRedis } from "@m-erp/messaging/testing";
import { Redis } from "ioredis";
import pc from "picocolors";

const COLOURS = [pc.cyan, pc.magenta, pc.yellow, pc.green, pc.blue, pc.red];
const NAME_WIDTH = 22;

/** Each service runs in a process of its own, as in M-ERP. They end in this order, the reverse of their start. */
const children: { readonly name: string; readonly process: ChildProcess }[] = [];
let ending: Promise<void> | undefined;

const redis = await obtainRedis();
// A configured Redis may hold other data, so everything is written under a separate prefix and removed at the end.
const environment = redis.external ? `examples-${randomBytes(3).toString("hex")}` : "development";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end());

try {
  const [audit, userAuth, companyPartner, ...gateways] = await Promise.all([
    start("audit", "audit/main.ts"),
    start("user-auth", "user-auth/main.ts"),
    start("company-partner", "company-partner/main.ts"),
    start("notification-gateway-1", "notification-gateway/main.ts"),
    start("notification-gateway-2", "notification-gateway/main.ts"),
  ]);
  const page = await start("api-gateway", "api-gateway/main.ts", {
    USER_AUTH_URL: userAuth,
    COMPANY_PARTNER_URL: companyPartner,
    NOTIFICATION_GATEWAY_URLS: gateways.join(" "),
  });
  console.log(`
  ${pc.bold("Open")}   ${pc.cyan(page)}   and watch your notifications arrive
  ${pc.bold("Audit")}  ${pc.cyan(`${audit}/audit`)}   every event, exactly once
  ${pc.bold("Redis")}  ${pc.cyan(redis.url)}   ${pc.dim(environment === "development" ? "redis-cli XRANGE events - +" : `keys begin with ${environment}:`)}
  ${pc.dim("Ctrl-C ends everything.")}
`);
} catch (error) {
  if (ending === undefined) {
    console.error(`${pc.red("✗")}  ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  await end();
}

/** Starts one service, and resolves to its address when it is listening. */
async function start(name: string, script: string, more: Record<string, string> = {}): Promise<string> {
  const port = process.env[`${name.toUpperCase().replaceAll("-", "_")}_PORT`] ?? "0";
  const child = fork(new URL(script, import.meta.url), {
    // Outside the terminal's process group: Ctrl-C reaches only this process, which then ends the others in order.
    detached: true,
    env: { ...process.env, ...more, REDIS_URL: redis.url, ENVIRONMENT: environment, PORT: port },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  children.unshift({ name, process: child });
  const colour = COLOURS[children.length % COLOURS.length] ?? pc.white;
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on("line", (line) => {
      console.log(`${colour(name.padEnd(NAME_WIDTH))} ${pc.dim("│")} ${line}`);
    });
  }
  child.once("exit", (code, signal) => {
    if (ending === undefined) console.log(`${colour(name.padEnd(NAME_WIDTH))} ${pc.dim("│")} ended: ${signal ?? code}`);
  });
  const listening = once(child, "message").then(([message]) => (message as { readonly url: string }).url);
  const gone = once(child, "exit").then(() => Promise.reject(new Error(`${name} did not start`)));
  return Promise.race([listening, gone]);
}

/** Ends the gateways first, then the services behind them, then Redis. */
function end(): Promise<void> {
  ending ??= (async () => {
    console.log(pc.dim("\nending…"));
    for (const { process: child } of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    if (redis.external) await removeTraces();
    await redis.stop();
  })();
  return ending;
}

async function removeTraces(): Promise<void> {
  const client = new Redis(redis.url);
  for await (const keys of client.scanStream({ match: `*${environment}:*` })) {
    if (keys.length > 0) await client.del(...(keys as string[]));
  }
  await client.quit();
}
