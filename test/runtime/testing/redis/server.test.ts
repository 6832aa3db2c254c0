import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";

import { type RedisServer, RedisStartError, startRedis } from "../../../../runtime/testing/redis/index.js";

const clients: Redis[] = [];

function connect(server: RedisServer): Redis {
  const client = new Redis(server.url, { retryStrategy: () => 20 });
  client.on("error", () => {});
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) {
    client.disconnect();
  }
});

describe("a private Redis", () => {
  it("answers PING on its own port and says what it is", async () => {
    await using server = await startRedis();
    const client = connect(server);
    expect(await client.ping()).toBe("PONG");
    const info = await client.info("server");
    expect(info).toContain(`process_id:${server.pid}`);
    expect(info).toContain(`${server.flavour}_version:${server.version}`);
    expect(info).toContain(`tcp_port:${server.port}`);
  });

  it("is private even when the environment names another one", async () => {
    process.env["REDIS_URL"] = "redis://configured.example:6379";
    try {
      await using server = await startRedis();
      expect(server).toMatchObject({ external: false, host: "127.0.0.1" });
    } finally {
      delete process.env["REDIS_URL"];
    }
  });

  it("has a port of its own when three start at once", async () => {
    const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
    try {
      expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
      expect(await Promise.all(servers.map((server) => connect(server).ping()))).toEqual(["PONG", "PONG", "PONG"]);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  it("leaves neither process nor folder when it is stopped, and may be stopped twice", async () => {
    const server = await startRedis();
    expect(statSync(server.folder).mode & 0o077).toBe(0);
    await server.stop();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
    expect(existsSync(server.folder)).toBe(false);
    expect(server.running).toBe(false);
  });

  it("is stopped while it hangs", async () => {
    const server = await startRedis();
    server.pause();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
    expect(existsSync(server.folder)).toBe(false);
  });

  it("holds its tongue while paused and answers when resumed", async () => {
    await using server = await startRedis();
    const client = connect(server);
    await client.ping();
    server.pause();
    let answered = false;
    const answer = client.ping().then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBe(false);
    server.resume();
    await answer;
  });

  it("takes arguments and files", async () => {
    await using server = await startRedis({
      arguments: (port) => ["--maxmemory", "7mb", "--unixsocket", `${port}.sock`, "--aclfile", "users.acl"],
      files: { "users.acl": "user default on nopass ~* &* +@all\nuser guest on >secret +ping\n" },
    });
    const client = connect(server);
    expect(await client.config("GET", "maxmemory")).toEqual(["maxmemory", "7340032"]);
    expect(existsSync(join(server.folder, `${server.port}.sock`))).toBe(true);
    expect(await client.acl("USERS")).toContain("guest");
    expect(readFileSync(join(server.folder, "users.acl"), "utf8")).toContain("guest");
  });

  it("says why when it does not start, and leaves no folder", async () => {
    const starting = startRedis({ arguments: ["--no-such-directive", "1"] });
    await expect(starting).rejects.toThrow(RedisStartError);
    await expect(starting).rejects.toThrow("no-such-directive");
    await expect(starting).rejects.toMatchObject({ code: "REDIS_START_FAILED" });
  });

  it("says so when the port that it must have is taken", async () => {
    await using first = await startRedis();
    await expect(startRedis({ port: first.port })).rejects.toThrow("Address already in use");
  });
});

describe("a Redis that is restarted", () => {
  it("keeps what it answered when it is persistent, though it was killed", async () => {
    await using server = await startRedis({ persistent: true });
    const client = connect(server);
    await client.set("kept", "yes");
    const before = server.pid;
    await server.kill();
    expect(server.running).toBe(false);
    await server.restart();
    expect(server.running).toBe(true);
    expect(server.pid).not.toBe(before);
    expect(await client.get("kept")).toBe("yes");
  });

  it("forgets all when it is told to", async () => {
    await using server = await startRedis({ persistent: true });
    const client = connect(server);
    await client.set("kept", "no");
    await server.restart({ keepData: false });
    expect(await client.get("kept")).toBeNull();
  });

  it("comes back empty on the same port when it is not persistent", async () => {
    await using server = await startRedis();
    const client = connect(server);
    await client.set("kept", "no");
    const { port } = server;
    await server.restart();
    expect(server.port).toBe(port);
    expect(await client.get("kept")).toBeNull();
  });

  it("refuses to promise data that it holds in memory alone", async () => {
    await using server = await startRedis();
    await expect(server.restart({ keepData: true })).rejects.toThrow("persistent: true");
  });

  it("notices a crash by itself", async () => {
    await using server = await startRedis();
    process.kill(server.pid, "SIGKILL");
    await expect.poll(() => server.running).toBe(false);
    await server.restart();
    expect(await connect(server).ping()).toBe("PONG");
  });

  it("cannot be restarted once it was stopped", async () => {
    const server = await startRedis();
    await server.stop();
    await expect(server.restart()).rejects.toThrow("has been stopped");
  });
});
