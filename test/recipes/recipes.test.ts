import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { root, runInstalled } from "../package/program.js";
import { blocksOf } from "../readme/blocks.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";

const recipes = await readFile(join(root, "docs/recipes.md"), "utf8");

/** The last TypeScript block under a heading. */
function recipe(heading: string): string {
  const [section = ""] = recipes.split(`\n## ${heading}\n`)[1]?.split("\n## ") ?? [];
  const block = blocksOf(section).findLast(({ language }) => language === "ts");
  if (block === undefined) throw new Error(`no recipe for ${heading}`);
  return block.text;
}

const files = {
  "fastify.ts": recipe("Fastify"),
  "express.ts": recipe("Express"),
  "nest.ts": recipe("NestJS"),
  "credit.ts": recipe("Inbox"),
  "transaction.ts": recipe("Transaction"),
  "outbox.ts": recipe("Outbox"),
};

/** Each recipe in a file of its own, in a service that has installed what it needs. */
let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-recipes-"));
  for (const linked of ["runtime", "generated", "node_modules"])
    await symlink(join(root, linked), join(folder, linked));
  for (const name of ["database.ts", "inbox.ts"]) await cp(join(root, "examples/audit", name), join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const compilerOptions = {
    noEmit: true,
    skipLibCheck: true,
    declaration: false,
    isolatedDeclarations: false,
    experimentalDecorators: true,
    rootDir: "/",
    paths: {
      "@m-erp/messaging": ["./generated/index.ts"],
      "@m-erp/messaging/postgres": ["./runtime/postgres/index.ts"],
    },
  };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(name: keyof typeof files, environment: Record<string, string> = {}): Promise<Child<never>> {
  const common = {
    REDIS_URL: redis.url,
    DATABASE_URL: "",
    AUDIT_FOLDER: join(folder, "database"),
    TSX_TSCONFIG_PATH: join(folder, "tsconfig.json"),
  };
  return startChild<never>(join(folder, name), { environment: { ...common, ...environment } });
}

test("every recipe compiles under the strictest settings", async () => {
  await runInstalled("tsc", ["-p", folder]);
});

describe.each(["fastify.ts", "express.ts", "nest.ts"] as const)("the service of %s", (name) => {
  test("publishes with its request's correlation, says whether it is ready, and leaves in order", async () => {
    const port = await freePort();
    await using service = await start(name, { PORT: String(port), REDIS_CONNECTION_TIMEOUT: "1" });
    const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
    await eventually(async () => (await fetch(at("/ready"))).status === 200, Boolean, { withinMs: 30_000 });

    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const response = await fetch(at("/users"), {
      method: "POST",
      headers: { "content-type": "application/json", "x-correlation-id": `from ${name}`, traceparent },
      body: JSON.stringify({ id: 123, email: "ada@example.com" }),
    });

    expect(response.status).toBe(201);
    await eventually(() => service.output.includes(`ada@example.com from ${name}`));
    const client = new Redis(redis.url);
    const entries = JSON.stringify(await client.xrange("events", "-", "+"));
    client.disconnect();
    expect(entries).toContain(traceparent);

    service.kill("SIGTERM");
    const { code, signal } = await service.exited;
    // NestJS ends by the signal itself, once its hooks have run.
    expect(code ?? signal).toBe(name === "nest.ts" ? "SIGTERM" : 0);
    expect(service.output).not.toContain("error");
  });
});

test("a service whose Redis is away starts, says that it is not ready, and recovers", async () => {
  await using away = await startRedis();
  await away.kill();
  const port = await freePort();
  const environment = { PORT: String(port), REDIS_URL: away.url, REDIS_CONNECTION_TIMEOUT: "0.5" };
  await using _service = await start("fastify.ts", environment);
  const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/ready`)).status;

  await eventually(ready, (status) => status === 503);
  await away.restart();
  await eventually(ready, (status) => status === 200);
});

test("the inbox in the text is the one that the audit service uses", async () => {
  expect(recipes).toContain(`\`\`\`ts\n${await readFile(join(root, "examples/audit/inbox.ts"), "utf8")}\`\`\`\n`);
});

test("with the inbox a message that comes twice has its effect once", async () => {
  await using own = await startRedis();
  await using service = await start("credit.ts", { REDIS_URL: own.url });

  expect(await service.exited).toEqual({ code: 0, signal: null });
  expect(service.output).toContain("[ { user_id: 123, cents: 1000 } ]");
});

test("in a transaction an attempt that fails leaves nothing behind, and the retry commits", async () => {
  await using own = await startRedis();
  await using service = await start("transaction.ts", { REDIS_URL: own.url });

  expect(await service.exited).toEqual({ code: 0, signal: null });
  expect(service.output).toContain("[ { user_id: 123, attempt: 2 } ]");
});

test("the outbox publishes what was committed, and is empty then", async () => {
  await using service = await start("outbox.ts");

  expect(await service.exited).toEqual({ code: 0, signal: null });
  expect(service.output).toContain("1 []");
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
