import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { catalogue } from "../../../generated/index.js";
import type { MakeClient } from "../../../runtime/config/own-client.js";
import { LetterSource } from "../../../runtime/dashboard/source/letter-source.js";
import { Follower } from "../../../runtime/operations/messages/follower.js";
import { Operator } from "../../../runtime/operations/operator.js";
import { readTraffic } from "../../../runtime/operations/traffic/traffic.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
const descriptors = Object.values(catalogue.messages);
const streams = [...new Set(descriptors.map(({ stream }) => stream))];
for (const stream of streams) {
  await admin.xadd(stream, "*", "event_type", "user.created");
  await admin.xadd(`${stream}:dead`, "*", "group", "billing", "reason", "no");
}

/** How many scripts at most an operator's tool has under way at a time: each may have Redis copy an entry of any size. */
async function mostUnderWay(work: (operator: Operator) => Promise<unknown>): Promise<number> {
  let [scripts, most] = [0, 0];
  const make: MakeClient = (options) => {
    const made = new Redis({ ...options, host: "127.0.0.1", port: Number(new URL(redis.url).port) });
    const send = made.sendCommand.bind(made);
    made.sendCommand = (command, stream) => {
      if (!/^eval/i.test(command.name)) return send(command, stream);
      most = Math.max(most, ++scripts);
      const done = (): void => void scripts--;
      command.promise.then(done, done);
      return send(command, stream);
    };
    return made;
  };
  const operator = new Operator({ env: {}, redis: { client: make } }, { name: "operator" });
  await work(operator);
  operator.routes.close();
  return most;
}

it("asks one stream after the other who publishes what", async () => {
  expect(streams.length).toBeGreaterThan(2);
  expect(await mostUnderWay((operator) => readTraffic(operator, descriptors))).toBe(1);
});

it("asks one stream after the other where it ends, before it follows them", async () => {
  const most = await mostUnderWay(async ({ config }) => {
    const signal = AbortSignal.timeout(300);
    for await (const _ of new Follower(config, { streams, signal, notice() {} }).entries());
  });
  expect(most).toBe(1);
});

it("counts the causes of the dead letters of one stream after the other", async () => {
  expect(await mostUnderWay((operator) => new LetterSource(operator, descriptors).causes())).toBe(1);
});
