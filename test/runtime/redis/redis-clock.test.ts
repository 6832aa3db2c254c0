import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { readConfig } from "../../../runtime/config/config.js";
import { Connection } from "../../../runtime/redis/connection.js";
import { RedisClock } from "../../../runtime/redis/redis-clock.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";

const HOUR_MS = 3_600_000;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function createConnection(): Connection {
  const config = readConfig({ service: "billing", redis: { url: redis.url } }, "json", {});
  const connection = new Connection(config.redis, config.service, "settle", systemClock);
  onTestFinished(() => connection.close());
  return connection;
}

function createClock(): { readonly clock: RedisClock; readonly connection: Connection } {
  const connection = createConnection();
  return { clock: new RedisClock([connection], systemClock), connection };
}

/** One that Redis has been asked for, and what it is there. */
async function readyClock(): Promise<{ readonly clock: RedisClock; readonly time: number }> {
  const { clock, connection } = createClock();
  const client = await connection.ready();
  await eventually(() => clock.isBefore(Number.MAX_SAFE_INTEGER));
  const [seconds] = await client.time();
  return { clock, time: Number(seconds) * 1000 };
}

/** Has this machine's time wrong by so much from now on. */
function shiftTime(ms: number): void {
  const now = Date.now.bind(Date);
  const shifted = vi.spyOn(Date, "now").mockImplementation(() => now() + ms);
  onTestFinished(() => void shifted.mockRestore());
}

describe("Redis' clock", () => {
  it("is not known before Redis has been asked", () => {
    expect(createClock().clock.isBefore(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it("is known within moments where the connection was ready before", async () => {
    const connection = createConnection();
    await connection.ready();
    const clock = new RedisClock([connection], systemClock);
    await eventually(() => clock.isBefore(Number.MAX_SAFE_INTEGER));
  });

  it.each([0, -HOUR_MS, HOUR_MS])("is told within moments, with this machine's time wrong by %i ms", async (ms) => {
    shiftTime(ms);
    const { clock, time } = await readyClock();
    expect(clock.isBefore(time + 60_000)).toBe(true);
    expect(clock.isBefore(time)).toBe(false);
  });

  it("is taken to be ahead when this machine's time jumps ahead, as after it was suspended", async () => {
    const { clock, time } = await readyClock();
    shiftTime(HOUR_MS);
    expect(clock.isBefore(time + 60_000)).toBe(false);
  });

  it("does not go back when this machine's time does", async () => {
    const { clock, time } = await readyClock();
    shiftTime(-HOUR_MS);
    expect(clock.isBefore(time)).toBe(false);
    expect(clock.isBefore(time + 60_000)).toBe(true);
  });
});
