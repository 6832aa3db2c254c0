import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { sendCreateUser } from "../../generated/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { createService } from "../support/service.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";

const script = new URL("./answering.ts", import.meta.url);

describe.concurrent("commands", () => {
  it("whose services are killed are all answered, and none runs again once it has been", async () => {
    await using redis = await startRedis();
    const journal = new Redis(redis.url);
    const environment = { CHILD_REDIS: redis.url };
    const join = async (): Promise<Child<unknown>> => {
      const child = await startChild(script, { environment });
      await child.next();
      return child;
    };
    const living = await Promise.all([join(), join()]);
    await using asker = createService(redis, { service: "api-gateway" });
    const inHandOf = async (pid: number): Promise<number> => {
      const pending = (await journal.xpending("commands", "user-auth-service-workers")) as unknown[];
      const consumers = (pending[3] as [name: string, count: string][] | null) ?? [];
      return Number(consumers.find(([name]) => name.includes(`-${pid}-`))?.[1] ?? 0);
    };
    const answered = new Set<string>();
    const wrong: string[] = [];
    const again = new Set<string>();
    let sent = 0;
    let going = true;
    const lane = async (): Promise<void> => {
      while (going) {
        const name = String(++sent);
        const { user_id } = await sendCreateUser(asker, { email: "a@b.cd", first_name: name });
        if (String(user_id) !== name) wrong.push(name);
        answered.add(name);
      }
    };
    const lanes = Array.from({ length: 30 }, lane);
    for (let kills = 0; kills < scaled(3, 20); kills++) {
      const victim = living.shift() as Child<unknown>;
      await eventually(
        () => inHandOf(victim.pid),
        (count) => answered.size > 0 && count >= 5,
      );
      const done = [...answered];
      const before = await journal.hmget("runs", ...done);
      await victim.stop();
      living.push(await join());
      await sleep(1500);
      const after = await journal.hmget("runs", ...done);
      done.forEach((name, at) => void (before[at] === after[at] || again.add(name)));
    }
    going = false;
    await Promise.all(lanes);
    await eventually(
      async () => (await journal.xpending("commands", "user-auth-service-workers")) as [number],
      ([pending]) => pending === 0,
    );
    expect({ wrong, again: [...again] }).toEqual({ wrong: [], again: [] });
    expect(answered.size).toBe(sent);
    expect(await journal.hlen("runs")).toBe(sent);
    // What a process that died had begun ran twice: else nothing was tried here.
    const twice = Object.values(await journal.hgetall("runs")).filter((runs) => runs !== "1").length;
    expect(twice).toBeGreaterThan(0);
    journal.disconnect();
    await Promise.all(living.map((child) => child.stop()));
  });
});
