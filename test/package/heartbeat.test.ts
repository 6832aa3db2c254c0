import { copyFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { fillEvents, pendingEvents } from "../support/stream.js";
import { copyBuilt } from "./built.js";
import { type Bundler, bundlers } from "./bundlers.js";
import { root } from "./program.js";

const LEASE_MS = 2000;
const group = "blocked-workers";
const alive = `{events}:alive:${group}`;

/** The built package is installed here; it finds what it depends on in the repository. */
let folder: string;
/** Nothing is installed here: a bundle must hold all that it needs. */
let elsewhere: string;

beforeAll(async () => {
  const cache = join(root, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "service-"));
  elsewhere = await mkdtemp(join(tmpdir(), "messaging-bundle-"));
  // Without a package.json of its own the folder would count as a part of the repository.
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const installed = join(folder, "node_modules/@m-erp/messaging");
  await cp(join(root, "package.json"), join(installed, "package.json"));
  await copyFile(fileURLToPath(new URL("service/blocked.mjs", import.meta.url)), join(folder, "blocked.mjs"));
  await copyBuilt(join(installed, "dist"));
}, 120_000);

afterAll(async () => {
  for (const path of [folder, elsewhere]) await rm(path, { recursive: true, force: true });
});

const programs: readonly (readonly [name: string, prepare: () => Promise<string>])[] = [
  ["runs on the built package", async () => join(folder, "blocked.mjs")],
  ...bundlers.map(
    ([name, bundle, format]) =>
      [`is made one file by ${name}, ${format}`, () => bundled(bundle, name, format)] as const,
  ),
];

describe.concurrent("a service whose handler blocks the event loop for two leases", () => {
  it.each(programs)(
    "sends heartbeats meanwhile and keeps its message, when it %s",
    async (_, prepare) => {
      const program = await prepare();
      await using redis = await startRedis();
      const client = new Redis(redis.url, { retryStrategy: () => null });
      await fillEvents(client, 1);

      await using blocked = await start(program, redis.url);
      await blocked.next((news) => news.begun === 1);
      const [consumer] = (await client.zrange(alive, "0", "-1")) as [string];
      // It would take the message over if the heartbeat stood still for one lease.
      await using other = await start(program, redis.url);
      await other.next((news) => news.ready === true);

      const heartbeat = async (): Promise<number> => Number(await client.zscore(alive, consumer));
      const first = await heartbeat();
      await eventually(heartbeat, (last) => last - first > 2 * LEASE_MS, { withinMs: 20_000, what: "two leases" });
      blocked.send({});
      await blocked.next((news) => news.handled === 1);
      await eventually(
        () => pendingEvents(client, group),
        (pending) => pending === 0,
      );

      expect([...blocked.messages, ...other.messages].filter((news) => news.begun !== undefined)).toEqual([
        { begun: 1 },
      ]);
    },
    180_000,
  );
});

interface News {
  readonly ready?: true;
  readonly begun?: number;
  readonly handled?: number;
}

function start(program: string, url: string): Promise<Child<News>> {
  return startChild<News>(program, {
    environment: { SERVICE_NAME: "blocked", REDIS_URL: url, CONSUMER_LEASE: String(LEASE_MS / 1000) },
  });
}

/** Bundles the service and all that it imports, as one does for a small image, and returns the file. */
async function bundled(bundle: Bundler, name: string, format: "esm" | "cjs"): Promise<string> {
  const place = await mkdtemp(join(elsewhere, "bundle-"));
  const file = join(place, `${name}.${format === "esm" ? "mjs" : "cjs"}`);
  expect(await bundle({ entry: join(folder, "blocked.mjs"), file, format })).toEqual([]);
  expect(await readdir(place)).toEqual([basename(file)]);
  return file;
}
