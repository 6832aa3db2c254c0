import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPrivateProgram } from "../../../../runtime/testing/redis/find.js";
import {
  findRedis,
  obtainRedis,
  type RedisDownload,
  RedisNotFoundError,
  startRedis,
} from "../../../../runtime/testing/redis/index.js";
import { installCommand } from "../../../../runtime/testing/redis/not-found.js";
import { usualFolders } from "../../../../runtime/testing/redis/program.js";
import { startChild } from "../../../support/child.js";

const here = mkdtempSync(join(tmpdir(), "m-erp-find-"));

afterAll(() => rmSync(here, { recursive: true }));

/** A folder with programs that only tell their version. */
function folderWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(here, "bin-"));
  for (const [name, versionLine] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${versionLine}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const redis7 = "Redis server v=7.2.5 sha=00000000:0 malloc=libc bits=64 build=1";
const redis6 = "Redis server v=6.0.16 sha=00000000:0 malloc=libc bits=64 build=1";
const redis8 = "Redis server v=8.0.2 sha=00000000:0 malloc=libc bits=64 build=1";
const valkey8 = "Valkey server v=8.1.1 sha=00000000:0 malloc=libc bits=64 build=1";

describe("the configured Redis", () => {
  it("comes first, whatever is installed", async () => {
    const PATH = folderWith({ "redis-server": redis7 });
    const found = await findRedis({ PATH, REDIS_URL: "rediss://ada:p%40ss@redis.example:6390/2" });
    expect(found).toMatchObject({
      external: true,
      host: "redis.example",
      port: 6390,
      url: "rediss://ada:p%40ss@redis.example:6390/2",
    });
  });

  it("may be named part by part, secrets with any characters included", async () => {
    const found = await findRedis({
      ...{ REDIS_HOST: "redis.example", REDIS_PORT: "6390", REDIS_DB: "2", REDIS_TLS: "true" },
      ...{ REDIS_USERNAME: "ada", REDIS_PASSWORD: "p@s%s/w" },
    });
    expect(found).toMatchObject({ external: true, url: "rediss://ada:p%40s%25s%2Fw@redis.example:6390/2" });
  });

  it("has the usual port when none is named", async () => {
    expect(await findRedis({ REDIS_HOST: "redis.example" })).toMatchObject({
      port: 6379,
      url: "redis://redis.example",
    });
  });

  it("is refused without showing its secret when its URL is none", async () => {
    const finding = findRedis({ REDIS_URL: "secret@redis.example" });
    await expect(finding).rejects.toThrow("REDIS_URL");
    await expect(finding).rejects.not.toThrow("secret@redis");
  });

  it("is used as it is, and left running and untouched", async () => {
    await using somebodys = await startRedis();
    const client = new Redis(somebodys.url);
    try {
      await client.set("theirs", "kept");
      const redis = await obtainRedis({ ...process.env, REDIS_URL: somebodys.url });
      expect(redis).toMatchObject({ external: true, port: somebodys.port, host: "127.0.0.1" });
      await redis.stop();
      expect(await client.get("theirs")).toBe("kept");
      expect(await client.config("GET", "appendonly")).toEqual(["appendonly", "no"]);
    } finally {
      client.disconnect();
    }
  });
});

describe("the installed server", () => {
  it.each([
    ["redis-server", redis7, { flavour: "redis", version: "7.2.5" }],
    ["valkey-server", valkey8, { flavour: "valkey", version: "8.1.1" }],
    ["redis-server", valkey8, { flavour: "valkey", version: "8.1.1" }], // Valkey under its compatible name.
  ])("is found on the PATH as %s (%s)", async (name, versionLine, identity) => {
    const PATH = folderWith({ [name]: versionLine });
    const found = await findRedis({ PATH }, "any");
    expect(found).toMatchObject({
      external: false,
      program: { ...identity, command: join(PATH, name), source: "path" },
    });
  });

  it("is passed over when it is too old, broken, or not the one that is wanted", async () => {
    const old = folderWith({ "redis-server": redis6 });
    const broken = folderWith({ "redis-server": "not a server" });
    const other = folderWith({ "redis-server": redis7 });
    const wanted = folderWith({ "redis-server": redis8 });
    const PATH = [old, broken, other, wanted].join(":");
    expect(await findRedis({ PATH }, "any")).toMatchObject({ program: { command: join(other, "redis-server") } });
    expect(await findRedis({ PATH }, "redis-8")).toMatchObject({ program: { command: join(wanted, "redis-server") } });
  });

  it("is asked for by TEST_REDIS_VERSION, of which a wrong value is refused", async () => {
    const PATH = [folderWith({ "redis-server": redis7 }), folderWith({ "redis-server": redis8 })].join(":");
    const found = await findRedis({ PATH, TEST_REDIS_VERSION: "redis-8" });
    expect(found).toMatchObject({ program: { version: "8.0.2" } });
    await expect(findRedis({ PATH, TEST_REDIS_VERSION: "redis-1" })).rejects.toThrow("TEST_REDIS_VERSION");
  });
});

/** A PATH with Node and nothing else, so that no installed server is found. */
function bareEnvironment(home: string): { PATH: string; HOME: string } {
  const bin = mkdtempSync(join(here, "bare-"));
  symlinkSync(process.execPath, join(bin, "node"));
  return { PATH: bin, HOME: home };
}

const isDebian = existsSync("/etc/debian_version");

/** A server in the usual folders is found whatever the PATH is: on such a machine there is no "none installed". */
const alwaysInstalled = usualFolders.some((folder) =>
  ["redis-server", "valkey-server"].some((name) => existsSync(join(folder, name))),
);

describe("without any server", () => {
  it.skipIf(alwaysInstalled)("names what was missed and the one command for this system", async () => {
    // The package would be downloaded through a proxy that is not there.
    const proxy = "http://127.0.0.1:1";
    const home = mkdtempSync(join(here, "home-"));
    const finding = findRedis({ ...bareEnvironment(home), http_proxy: proxy, https_proxy: proxy }, "any");
    await expect(finding).rejects.toThrow(RedisNotFoundError);
    await expect(finding).rejects.toMatchObject({ code: "REDIS_NOT_FOUND" });
    await expect(finding).rejects.toThrow((await installCommand()) ?? "Install one");
    await expect(finding).rejects.toThrow("REDIS_URL");
    expect(filesBelow(home)).toEqual([]);
  });

  it.skipIf(!isDebian)("tells which package it downloads, before it does", async () => {
    const proxy = "http://127.0.0.1:1";
    const home = mkdtempSync(join(here, "home-"));
    const downloads: RedisDownload[] = [];
    const environment = { ...bareEnvironment(home), http_proxy: proxy, https_proxy: proxy };
    // One of them is not installed here.
    for (const version of ["redis-8", "valkey-8"] as const) {
      await findPrivateProgram(environment, version, (download) => downloads.push(download)).catch(() => {});
    }
    expect(downloads).toContainEqual({
      name: expect.stringMatching(/^(redis|valkey)-tools$/),
      folder: expect.stringContaining(join(home, ".cache", "m-erp-messaging")),
    });
  });

  it.each([
    ["darwin", "brew install valkey"],
    ["win32", "docker run --rm -p 6379:6379 valkey/valkey"],
  ] as const)("knows the command for %s", async (platform, command) => {
    expect(await installCommand(platform)).toBe(command);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

const canObtain = packagesReachable();

describe.skipIf(!canObtain || alwaysInstalled)("the package", () => {
  const home = join(here, "package-home");
  interface Held {
    readonly external: boolean;
    readonly version: string;
  }
  const holder = new URL("./holder.ts", import.meta.url);

  beforeAll(() => mkdirSync(home));

  it("is obtained without root when no server is installed, by two programs at once, and starts", async () => {
    const environment = bareEnvironment(home);
    const options = { arguments: ["obtain", "stop"], environment: { ...environment, TEST_REDIS_VERSION: "any" } };
    await using first = await startChild<Held>(holder, options);
    await using second = await startChild<Held>(holder, options);
    for (const program of [first, second]) {
      const held = await program.next(() => true, { withinMs: 150_000 });
      expect(held).toMatchObject({ external: false, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
      expect(await program.exited).toEqual({ code: 0, signal: null });
    }
    const cache = join(home, ".cache", "m-erp-messaging", "redis");
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^redis-tools-/)]);
  }, 180_000);

  it("is taken from the cache the next time, without the network", async () => {
    const proxy = "http://127.0.0.1:1";
    const found = await findRedis({ ...bareEnvironment(home), http_proxy: proxy, https_proxy: proxy }, "any");
    expect(found).toMatchObject({ external: false, program: { source: "package" } });
    expect(found.external || existsSync(found.program.command)).toBe(true);
  });
});

/**
 * Whether packages can be fetched here. Where `CI` is set this must not be skipped: on the systems it runs on it works,
 * and a step that nobody runs is a step that is broken.
 */
function packagesReachable(): boolean {
  if (process.env["CI"] && process.platform === "linux") {
    return true;
  }
  const source = spawnSync("apt-get", ["indextargets", "--format", "$(SITE)"], { encoding: "utf8" });
  const [site] = /https?:\/\/\S+/.exec(source.stdout ?? "") ?? [];
  if (!site) {
    return false;
  }
  const look = "fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).catch(() => process.exit(1))";
  return spawnSync(process.execPath, ["-e", look, site]).status === 0;
}
