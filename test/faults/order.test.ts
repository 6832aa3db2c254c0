import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { streamKeys } from "../../runtime/redis/keys.js";
import { courseOf, type Step } from "./course.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");
const ENTITIES = 10;
const entityOf = (serial: number): number => serial % ENTITIES;

const part = {
  behaviours: [
    { do: "throw", every: 17, attempts: 1 },
    { do: "wait", ms: 5 },
  ],
  // Many kills in a row may meet the same message, which is no reason to bury it here.
  settings: { order: "entity", retryDelaySeconds: 0.05, concurrency: 20, maxRetries: 100 },
} as const;

/** What may happen to Redis, to its links and to the keys of a group while a process lives. */
const FAULTS: readonly ((stage: Stage) => Promise<unknown>)[] = [
  ({ client }) => client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
  async ({ redis }) => {
    redis.pause();
    await sleep(3500);
    redis.resume();
  },
  async ({ redis }) => {
    await redis.kill();
    await redis.restart();
  },
  async ({ client }) => {
    const { stream: _, dead: __, settled: ___, prefix: ____, ...own } = streamKeys("events", GROUP);
    await client.del(...Object.values(own));
  },
];

describe.concurrent("the messages of an entity come in order, one at a time, to the one process there is", () => {
  it("however often it is killed and started again", async () => {
    await using stage = await Stage.open();
    stage.ledger.follow(GROUP);
    let member = await stage.spawn("billing", part);
    const stopPublishing = stage.publishAlways(1, { entities: ENTITIES });
    await stage.publish(400, { entities: ENTITIES });
    for (let kills = 0; kills < scaled(2, 20); kills++) {
      await sleep(300 + Math.random() * 300);
      await member.kill();
      member = await stage.spawn("billing", part);
      const { length } = stage.ledger.order(GROUP);
      await eventually(() => stage.ledger.order(GROUP).length > length);
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.ledger.course(GROUP, entityOf)).toMatchObject({ inversions: [], overlaps: [] });
    expect(stage.account("billing").unexplained).toEqual([]);
  });

  it("however often it is closed and started again", async () => {
    await using stage = await Stage.open();
    stage.ledger.follow(GROUP);
    const stopPublishing = stage.publishAlways(1, { entities: ENTITIES });
    await stage.publish(400, { entities: ENTITIES });
    const hurried = { ...part, settings: { ...part.settings, drainTimeoutSeconds: 0 } };
    stage.ledger.blame({ name: "closed without waiting" });
    for (let times = 0; times < scaled(4, 40); times++) {
      const { messaging } = await stage.join("billing", hurried);
      await sleep(200);
      await messaging.close();
    }
    await stage.join("billing", part);
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.ledger.course(GROUP, entityOf).inversions).toEqual([]);
  });

  it("when it was stopped (SIGSTOP) for longer than its lease", async () => {
    await using stage = await Stage.open();
    stage.ledger.follow(GROUP);
    const member = await stage.spawn("billing", part);
    const stopPublishing = stage.publishAlways(1, { entities: ENTITIES });
    for (let times = 0; times < scaled(2, 20); times++) {
      await stage.publish(300, { entities: ENTITIES });
      await member.freeze(3500);
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.ledger.course(GROUP, entityOf)).toMatchObject({ inversions: [], overlaps: [] });
    expect(member.child.messages.some((news) => "overtaken" in news)).toBe(false);
  });

  it("whatever happens to its links, to Redis and to the keys of its group", async () => {
    await using stage = await Stage.open({ persistent: true });
    stage.ledger.follow(GROUP);
    await stage.spawn("billing", part);
    await stage.publish(400, { entities: ENTITIES });
    // One after another, so that what is refused and tried again keeps its place.
    const stopPublishing = stage.publishAlways(1, { entities: ENTITIES });
    for (let times = 0; times < scaled(1, 8); times++) {
      for (const fault of FAULTS) {
        await fault(stage);
        const { length } = stage.ledger.order(GROUP);
        await eventually(() => stage.ledger.order(GROUP).length > length + 100);
      }
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.ledger.course(GROUP, entityOf)).toMatchObject({ inversions: [], overlaps: [] });
    expect(stage.account("billing").duplicates).toEqual([]);
  });

  it("however often an operator deletes its name from the group", async () => {
    await using stage = await Stage.open();
    stage.ledger.follow(GROUP);
    await stage.spawn("billing", part);
    const stopPublishing = stage.publishAlways(1, { entities: ENTITIES });
    await stage.publish(400, { entities: ENTITIES });
    for (let times = 0; times < scaled(5, 50); times++) {
      await sleep(200);
      for (const name of await stage.consumers("billing"))
        await stage.client.xgroup("DELCONSUMER", "events", GROUP, name);
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.ledger.course(GROUP, entityOf)).toMatchObject({ inversions: [], overlaps: [] });
  });
});

describe.concurrent("a process that is stopped inside its handlers", () => {
  it("says how many messages others have taken meanwhile, which may have run twice at once", async () => {
    await using stage = await Stage.open();
    const slow = { behaviours: [{ do: "wait", ms: 1000 }], settings: { ...part.settings, concurrency: 4 } } as const;
    const frozen = await stage.spawn("billing", slow);
    const serials = await stage.publish(4);
    await eventually(() => serials.every((serial) => stage.ledger.begun(GROUP, serial) === 1));
    await stage.join("billing", { settings: part.settings });

    await frozen.freeze(5000);

    const news = await frozen.child.next((each) => "overtaken" in each);
    expect(news).toEqual({ overtaken: 4 });
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
  });
});

it("a message that begins after, or beside, a later one of its entity is told with all that happened to that", () => {
  const step = (by: string, mark: Step["mark"], serial: number, text = ""): Step => {
    const at = ++now;
    return { by, mark, serial, attempt: 1, at, instant: at, text };
  };
  let now = 0;
  const handled = (by: string, serial: number): Step[] => [step(by, "begun", serial), step(by, "handled", serial)];
  const killed = [...handled("a", 1), ...handled("a", 2), step("a", "begun", 3), step("test", "noted", 0, "kills a")];
  const repeated = [1, 2, 3].flatMap((serial) => handled("b", serial));
  expect(courseOf([...killed, ...repeated], () => 1)).toMatchObject({ inversions: [], overlaps: [] });

  const overtaken = [...handled("b", 4), ...handled("b", 3)];
  const { inversions } = courseOf([...killed, ...overtaken], () => 1);
  expect(inversions).toHaveLength(1);
  expect(inversions[0]).toMatch(
    /^3 of entity 1 began in b after 4 had\n.*a +begun 3.*kills a\n.*b +begun 4.*\n> +0\.0 ms +b +begun 3/s,
  );
  expect(courseOf([...killed, ...overtaken], (serial) => serial).inversions).toEqual([]);

  const beside = courseOf([step("c", "begun", 5), step("c", "begun", 6)], () => 1);
  expect(beside).toMatchObject({ inversions: [], overlaps: [expect.stringMatching(/^6 .* after 5 had/)] });
});
