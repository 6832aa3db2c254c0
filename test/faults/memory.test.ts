import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { userCreated } from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import type { HeapNews } from "./small-heap.js";
import { Stage } from "./stage.js";

const MB = 1_000_000;

/** A process whose heap is smaller than what these tests have for it. */
function startSmall(url: string, role: { handles: boolean; settings?: object }): Promise<Child<HeapNews>> {
  return startChild<HeapNews>(new URL("./small-heap.ts", import.meta.url), {
    arguments: [JSON.stringify({ url, ...role })],
    environment: { NODE_OPTIONS: "--max-old-space-size=256" },
  });
}

/** Adds so many long messages of one entity. Redis makes the text, so that nobody else holds it. */
async function fill(client: Redis, count: number, length: number, stream = "events"): Promise<void> {
  const message = { ...exampleUserCreated({ entity_id: 1 }), metadata: { serial: "SERIAL", text: "TEXT" } };
  const entry = contractOf(userCreated).write(message, "fields");
  const script = `
    local text = string.rep('x', ARGV[3])
    for serial = tonumber(ARGV[1]), tonumber(ARGV[2]) do
      local entry = {}
      for at = 4, #ARGV do entry[at - 3] = string.gsub(string.gsub(ARGV[at], '"SERIAL"', serial), 'TEXT', text) end
      redis.call('XADD', KEYS[1], '*', unpack(entry))
    end`;
  for (let from = 1; from <= count; from += 50) {
    await client.eval(script, 1, stream, from, Math.min(count, from + 49), length, ...entry);
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
/** Resolves when it has read all that it reads while no handler ends, and then has handled so many. */
async function handled(client: Redis, child: Child<HeapNews>, count: number): Promise<void> {
  const died = child.exited.then(({ code, signal }) => {
    throw new Error(`the process ended (${code ?? signal}): ${child.output.slice(0, 2000)}`);
  });
  died.catch(() => {});
  const pending = async (): Promise<number> => ((await client.xpending("events", "billing-workers")) as [number])[0];
  const handle = async (): Promise<void> => {
    await child.next((news) => "ready" in news);
    for (let before = -1, now = 0; now === 0 || now !== before; ) {
      await sleep(500);
      [before, now] = [now, await pending()];
    }
    child.send({ end: true });
    await eventually(() => handledBy(child).length >= count);
  };
  await Promise.race([died, handle()]);
}
const handledBy = ({ messages }: Child<HeapNews>): number[] =>
  messages.flatMap((news) => ("handled" in news ? [news.handled] : []));

/** The most memory that the process has had. Long texts are outside of its heap. */
const mostMegabytes = ({ messages }: Child<HeapNews>): number =>
  Math.max(...messages.map((news) => ("mostKilobytes" in news ? news.mostKilobytes / 1000 : 0)));

describe("a process with a heap of 256 MB", () => {
  it("survives thousands of publishes of 1 MB while Redis stands still: what it refuses says so, the rest is stored", async () => {
    await using stage = await Stage.open();
    await using child = await startSmall(stage.redis.url, { handles: false });
    await child.next((news) => "ready" in news);
    stage.redis.pause();
    child.send({ publish: scaled(1000, 3000), length: MB });
    await child.next((news) => "begun" in news, { withinMs: 60_000 });
    stage.redis.resume();

    const news = await child.next((each) => "stored" in each, { withinMs: 60_000 });
    if (!("stored" in news)) throw new Error("unreachable");
    expect(news.others).toEqual([]);
    expect(news.refused[0]).toMatch(/publishes under way hold \d+ bytes .*would exceed 67108864/);
    expect(news.stored.length).toBeGreaterThan(50);
    // Each that was confirmed, and no other but the first, which was to connect.
    const script =
      "local ids = {} for i, each in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do ids[i] = each[1] end return ids";
    const [, ...ids] = (await stage.client.eval(script, 1, "events")) as string[];
    expect(ids.toSorted()).toEqual(news.stored.toSorted());
  });

  it.each(["none", "entity"] as const)("handles a backlog of 5 MB each once (order: %s)", async (order) => {
    const count = scaled(40, 250);
    await using stage = await Stage.open();
    await fill(stage.client, count, 5 * MB);
    const settings = { order, maxMessageBytes: 6 * MB };
    await using child = await startSmall(stage.redis.url, { handles: true, settings });

    await handled(stage.client, child, count);
    await stage.settled("billing");
    expect(handledBy(child).toSorted((one, other) => one - other)).toEqual(upTo(count));
    expect(mostMegabytes(child)).toBeLessThan(350);
  });

  it.each([
    ["its stream", "events"],
    ["what is redriven", "{events}:redrive:billing-workers"],
  ])("holds nothing of entries that are too large, and handles those around them (%s)", async (_, stream) => {
    await using stage = await Stage.open();
    await using child = await startSmall(stage.redis.url, { handles: true });
    await child.next((news) => "ready" in news);
    child.send({ end: true });
    await fill(stage.client, 20, 1000, stream);
    // Its code has been compiled by then.
    await eventually(() => handledBy(child).length === 20);
    const before = mostMegabytes(child);
    await fill(stage.client, scaled(4, 98), 10 * MB, stream);
    await fill(stage.client, 20, 1000, stream);
    await fill(stage.client, 1, scaled(60, 400) * MB, stream);
    await fill(stage.client, 20, 1000, stream);

    await eventually(() => handledBy(child).length === 60);
    await eventually(async () => (await stage.deadLetters()).length === scaled(4, 98) + 1);
    expect(new Set((await stage.deadLetters()).map(({ reason }) => reason))).toEqual(new Set(["MESSAGE_TOO_LARGE"]));
    expect(await stage.client.zcard(`${stream === "events" ? "{events}" : stream}:oversized`)).toBe(scaled(4, 98) + 1);
    expect(mostMegabytes(child) - before).toBeLessThan(60);
  });

  it("handles a long lane of 1 MB each once and in order", async () => {
    const count = scaled(250, 10_000);
    await using stage = await Stage.open();
    await fill(stage.client, count, MB);
    await using child = await startSmall(stage.redis.url, { handles: true, settings: { order: "entity" } });

    await handled(stage.client, child, count);
    await stage.settled("billing");
    expect(handledBy(child)).toEqual(upTo(count));
    expect(mostMegabytes(child)).toBeLessThan(350);
  });
});
