import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { root, runInstalled } from "../package/program.js";
import type { Child } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { freePort, type RecipeFolder, recipeFolder, recipeIn } from "./recipe-folder.js";

const page = "docs/recipes.md";
const files = {
  "fastify.ts": await recipeIn(page, "## Fastify"),
  "express.ts": await recipeIn(page, "## Express"),
  "nest.ts": await recipeIn(page, "## NestJS"),
  "credit.ts": await recipeIn(page, "## Inbox"),
  "transaction.ts": await recipeIn(page, "## Transaction"),
  "outbox.ts": await recipeIn(page, "## Outbox"),
};

let folder: RecipeFolder;
let redis: RedisServer;

beforeAll(async () => {
  folder = await recipeFolder(files);
  for (const name of ["database.ts", "inbox.ts"]) await cp(join(root, "examples/audit", name), join(folder.path, name));
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
  await folder[Symbol.asyncDispose]();
});

function start(name: keyof typeof files, environment: Record<string, string> = {}): Promise<Child<never>> {
  const common = { REDIS_URL: redis.url, AUDIT_FOLDER: join(folder.path, "database") };
  return folder.start(name, { ...common, ...environment });
}

test("every recipe compiles under the strictest settings", async () => {
  await runInstalled("tsc", ["-p", folder.path]);
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
  const recipes = await readFile(join(root, page), "utf8");
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
