import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import type { ServiceProcess } from "./service-process.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");
const HANDOVER = `{events}:handover:${GROUP}`;
/** A release that does not know the type that is published. */
const IDLE = { idle: true } as const;
/** On a busy machine a heartbeat is late: a living handler must not be taken for dead. */
const PATIENT = { leaseSeconds: 5 };

describe.concurrent("a release that handles a type, beside one that does not,", () => {
  it("handles every message while it replaces the other, and after it is rolled back to one that handles it too", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 60 };
    const part = { settings, behaviours: [{ do: "wait", ms: 2 }] } as const;
    const old = await Promise.all([1, 2].map(() => stage.spawn("billing", { ...IDLE, settings })));
    const first = await stage.spawn("billing", part);
    // From here on a living member handles it.
    const stopPublishing = stage.publishAlways(1);
    await stage.publish(200);

    const second = await stage.spawn("billing", part);
    await Promise.all(old.map(ended));
    const back = await Promise.all([1, 2].map(() => stage.spawn("billing", { ...IDLE, settings })));
    await ended(first);
    const third = await stage.spawn("billing", part);
    await ended(second);
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, duplicates } = stage.account("billing");
    expect({ lost, duplicates }).toEqual({ lost: [], duplicates: [] });
    await Promise.all([...back, third].map(ended));
    expect(await stage.client.exists(`{events}:types:${GROUP}`, HANDOVER)).toBe(0);
  });

  it("is restarted, alone in handling it, and the other loses nothing of what comes meanwhile", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 60 };
    await stage.spawn("billing", { ...IDLE, settings });
    let handler = await stage.spawn("billing", { settings });
    const stopPublishing = stage.publishAlways(1);
    for (let restarts = 0; restarts < scaled(3, 20); restarts++) {
      await sleep(200);
      await ended(handler);
      await sleep(300);
      handler = await stage.spawn("billing", { settings });
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, duplicates } = stage.account("billing");
    expect({ lost, duplicates }).toEqual({ lost: [], duplicates: [] });
  });

  it("is killed while entries wait for it, and its successor handles them", async () => {
    await using stage = await Stage.open();
    const { messaging: idle } = await stage.join("billing", IDLE);
    const handler = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings: { concurrency: 5 } });
    await stage.publish(100);
    await eventually(
      () => stage.client.zcard(HANDOVER),
      (waiting) => waiting > 0,
    );

    await handler.kill();
    await stage.join("billing");

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
    expect(idle.counts.skipped).toBe(0);
  });

  it("is killed for good: what it leaves is acknowledged and counted when no living member handles it", async () => {
    await using stage = await Stage.open();
    const { messaging: idle } = await stage.join("billing", IDLE);
    const handler = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings: { concurrency: 5 } });
    await stage.publish(100);
    await eventually(
      () => stage.client.zcard(HANDOVER),
      (waiting) => waiting > 0,
    );
    expect(idle.counts.skipped).toBe(0);

    await handler.kill();

    await eventually(() => idle.counts.skipped === 100);
    await stage.settled("billing");
    expect(await stage.client.exists(HANDOVER)).toBe(0);
    expect((await stage.client.hkeys(`{events}:types:${GROUP}`)).length).toBe(2);
  });

  it("loses nothing however often either is killed in the midst of handing over", async () => {
    await using stage = await Stage.open();
    const part = { behaviours: [{ do: "wait", ms: 2 }], settings: { ...PATIENT, concurrency: 20 } } as const;
    const idle = { ...IDLE, settings: PATIENT };
    // Always there, so that every message has a living handler.
    await stage.join("billing", part);
    const crew = await Promise.all([idle, idle, part].map((each) => stage.spawn("billing", each)));
    const stopPublishing = stage.publishAlways(0);

    for (let kills = 0; kills < scaled(6, 60); kills++) {
      await sleep(100 + Math.random() * 300);
      const at = kills % crew.length;
      const victim = crew[at] as ServiceProcess;
      const [successor] = await Promise.all([stage.spawn("billing", at === 2 ? part : idle), victim.kill()]);
      crew[at] = successor;
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained, unknown } = stage.account("billing");
    expect({ lost, unexplained, unknown }).toEqual({ lost: [], unexplained: [], unknown: [] });
    expect(await stage.client.exists(HANDOVER)).toBe(0);
  });

  it("is killed by a message, which becomes a dead letter; those beside it are not blamed, whoever takes them over", async () => {
    await using stage = await Stage.open();
    // Longer than a process takes to start: when both have died, one of them is there again before nobody is left.
    const settings = { leaseSeconds: scaled(5, 20), maxRetries: 2 };
    await Promise.all([1, 2, 3].map(() => stage.join("billing", { ...IDLE, settings })));
    const serials = Array.from({ length: 16 }, (_, at) => at + 1);
    const [fatal = 0, ...others] = serials;
    let deaths = 0;
    let going = true;
    // As an orchestrator does it: whenever a process has died, it is started again.
    const keep = async (ready: () => void): Promise<void> => {
      while (going) {
        const member = await stage.spawn("billing", { settings, behaviours: [{ do: "die", on: [fatal] }] });
        ready();
        if ((await Promise.race([buried.then(() => false), member.child.exited])) === false) return;
        deaths++;
        stage.ledger.blame({ name: "its process died", by: member.by });
      }
    };
    const buried = eventually(() => stage.client.xlen("{events}:dead"), Boolean, {
      withinMs: scaled(100_000, 600_000),
    }).finally(() => {
      going = false;
    });
    await Promise.all([1, 2].map(() => new Promise<void>((ready) => void keep(ready))));
    expect(await stage.publish(16)).toEqual(serials);
    await buried;

    expect(deaths).toBe(3);
    expect(await stage.deadLetters()).toEqual([{ serial: fatal, reason: "POISONOUS" }]);
    stage.ledger.buried(GROUP, fatal);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").handled).toBe(others.length);
    expect(stage.account("billing").unexplained).toEqual([]);
  });

  it("has failing messages retried as often as any, and those that are hopeless kept as dead letters", async () => {
    await using stage = await Stage.open();
    const settings = { maxRetries: 3, leaseSeconds: 60 };
    const serials = await stage.publish(40);
    const hopeless = serials.filter((serial) => serial % 10 === 0);
    const part = {
      behaviours: [
        { do: "throw", on: hopeless },
        { do: "throw", attempts: 2 },
      ],
      settings,
    } as const;
    await stage.join("billing", part);
    await Promise.all([1, 2].map(() => stage.join("billing", { ...IDLE, settings })));
    serials.push(...(await stage.publish(40)));

    for (const serial of hopeless) stage.ledger.buried(GROUP, serial);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const attempts = serials
      .filter((serial) => !hopeless.includes(serial))
      .flatMap((serial) => stage.ledger.handlings(GROUP, serial).map(({ attempt }) => attempt));
    expect(attempts).toEqual(Array(76).fill(3));
    expect((await stage.deadLetters()).map(({ serial }) => serial).toSorted((a, b) => a - b)).toEqual(hopeless);
    expect(hopeless.map((serial) => stage.ledger.begun(GROUP, serial))).toEqual(hopeless.map(() => 4));
  });
});

async function ended({ child }: ServiceProcess): Promise<void> {
  child.kill("SIGTERM");
  await child.exited;
}
