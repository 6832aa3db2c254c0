import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { createMessaging, publishUserCreated, userCreated } from "../../generated/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import type { Told } from "./checks.js";
import { folder } from "./installation.js";

interface News {
  readonly began?: number;
  readonly attempt?: number;
  readonly handled?: number;
  readonly ready?: true;
  readonly closed?: true;
  readonly dead?: string;
}

/** What processes of a service tell, run by some runtime on a Redis of their own. */
class Stage {
  readonly redis: RedisServer;
  readonly news: (News & { readonly by: number })[] = [];
  readonly children: ChildProcess[] = [];
  readonly #command: readonly string[];

  constructor(redis: RedisServer, command: readonly string[]) {
    this.redis = redis;
    this.#command = command;
  }

  async member(handling: string): Promise<ChildProcess> {
    const [program = "", ...args] = this.#command;
    const env = { ...process.env, REDIS_URL: this.redis.url, HANDLING: handling, LEASE: "1" };
    const child = spawn(program, [...args, "member.mjs"], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
    const by = this.children.push(child) - 1;
    createInterface(child.stdout).on("line", (line) => {
      if (line.startsWith("{")) this.news.push({ ...(JSON.parse(line) as News), by });
    });
    await eventually(() => this.news.some((each) => each.ready && each.by === by), Boolean, PATIENT);
    return child;
  }

  /** Publishes events of users with these numbers. */
  async publish(from: number, count: number): Promise<void> {
    await using messaging = createMessaging({ service: "publisher", env: {}, redis: { url: this.redis.url } });
    const list = Array.from({ length: count }, (_, at) => ({
      entity_id: from + at,
      after_data: { email: "a@example.com" },
    }));
    await (count === 1 ? publishUserCreated(messaging, list[0] as never) : messaging.publishAll(userCreated, list));
  }

  handled(): ReadonlySet<number> {
    return new Set(this.news.flatMap(({ handled }) => handled ?? []));
  }

  count(kind: "began" | "handled" | "dead" | "closed"): number {
    return this.news.filter((each) => each[kind] !== undefined).length;
  }

  async allHandled(count: number): Promise<void> {
    await eventually(
      () => this.handled().size,
      (size) => size === count,
      PATIENT,
    );
  }
}

const PATIENT = { withinMs: 60_000, everyMs: 50 };

type Stories = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

/** The one for when there is time for one alone. */
export const shortest = {
  "a consumer is killed: another takes its messages over": async (stage) => {
    const killed = await stage.member("hang");
    await stage.publish(1, 50);
    await eventually(() => stage.count("began") === 50, Boolean, PATIENT);
    await stage.member("");
    killed.kill("SIGKILL");
    await stage.allHandled(50);
  },
} satisfies Stories;

export const stories: Stories = {
  ...shortest,
  "a handler blocks the event loop for four leases: it runs once": async (stage) => {
    await stage.member("block");
    await stage.publish(1, 1);
    await eventually(() => stage.count("began") === 1, Boolean, PATIENT);
    await stage.member("");
    await stage.allHandled(1);
    assert.equal(stage.count("began"), 1);
  },
  "a handler fails: its messages are retried, none is dead": async (stage) => {
    await stage.member("fail");
    await stage.publish(1, 30);
    await stage.allHandled(30);
    assert.deepEqual([stage.count("began"), stage.count("dead")], [60, 0]);
  },
  "links are cut and Redis starts anew: nothing is lost": async (stage) => {
    await stage.member("slow");
    const admin = new Redis(stage.redis.url);
    admin.on("error", () => {});
    for (let round = 0; round < 3; round++) {
      await stage.publish(1 + round * 100, 100);
      await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }
    await stage.redis.restart();
    await stage.publish(301, 100);
    admin.disconnect();
    await stage.allHandled(400);
  },
  "SIGTERM: running handlers end, the rest goes to another at once": async (stage) => {
    const leaving = await stage.member("slow");
    await stage.publish(1, 400);
    await eventually(() => stage.count("handled") > 5, Boolean, PATIENT);
    const exited = once(leaving, "exit");
    leaving.kill("SIGTERM");
    const [code] = await exited;
    assert.deepEqual([code, stage.count("closed")], [0, 1]);
    await stage.member("");
    await stage.allHandled(400);
    assert.equal(stage.count("handled"), 400);
  },
};

/** Plays stories with processes of a runtime, and tells of each whether it ended well. */
export async function play(played: Stories, command: readonly string[], told: Told): Promise<void> {
  for (const [name, story] of Object.entries(played)) {
    await using redis = await startRedis({ persistent: true });
    const stage = new Stage(redis, command);
    try {
      await story(stage);
      told(name);
    } catch (error) {
      told(name, error);
    } finally {
      for (const child of stage.children) child.kill("SIGKILL");
    }
  }
}
