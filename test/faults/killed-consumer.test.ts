import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import type { ServiceProcess } from "./service-process.js";
import { Stage } from "./stage.js";

describe.concurrent("a consumer that dies", () => {
  it("loses nothing, however often consumers are killed under load", async () => {
    await using stage = await Stage.open();
    const part = { behaviours: [{ do: "wait", ms: 3 }], settings: { concurrency: 20 } } as const;
    const crew = await Promise.all([1, 2, 3].map(() => stage.spawn("billing", part)));
    const stopPublishing = stage.publishAlways(1);

    for (let kills = 0; kills < scaled(6, 60); kills++) {
      await sleep(100 + Math.random() * 300);
      const victim = crew.splice(Math.floor(Math.random() * crew.length), 1)[0] as ServiceProcess;
      const [successor] = await Promise.all([stage.spawn("billing", part), victim.kill()]);
      crew.push(successor);
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained, unknown } = stage.account("billing");
    expect({ lost, unexplained, unknown }).toEqual({ lost: [], unexplained: [], unknown: [] });
  });

  it("leaves an entry that is too large to another, before it was a dead letter", async () => {
    await using stage = await Stage.open();
    const settings = { maxMessageBytes: 2000 };
    // Nothing can be added to a text.
    await stage.client.set("{events}:dead", "in the way");
    const doomed = await stage.spawn("billing", { settings });
    const [large] = await stage.publish(1, { from: stage.createPublisher(), text: "x".repeat(5000) });
    const serials = await stage.publish(8);
    await eventually(() => serials.every((serial) => stage.handled("billing", serial) === 1));
    // The others are acknowledged.
    await eventually(async () => (await stage.client.xpending("events", "billing-workers"))[0] === 1);
    await doomed.kill();
    await stage.client.del("{events}:dead");
    await stage.join("billing", { settings });

    await eventually(async () => (await stage.deadLetters()).length === 1);
    await stage.settled("billing");
    expect(await stage.deadLetters()).toMatchObject([{ reason: "MESSAGE_TOO_LARGE" }]);
    const [[id]] = (await stage.client.xrange("events", "-", "+", "COUNT", 1)) as [[string, string[]]];
    expect(await stage.client.xrange("{events}:dead", "-", "+")).toMatchObject([
      [expect.any(String), expect.arrayContaining([id, "kept_bytes"])],
    ]);
    expect(stage.handled("billing", large as number)).toBe(0);
    expect(serials.map((serial) => stage.handled("billing", serial))).toEqual(serials.map(() => 1));
  });

  it("has its messages handled by another within three leases, each once", async () => {
    await using stage = await Stage.open();
    const settings = { concurrency: 5, leaseSeconds: 4 };
    const doomed = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings });
    const serials = await stage.publish(8);
    await eventually(() => serials.filter((serial) => stage.ledger.begun("billing-workers", serial) > 0).length === 5);
    await stage.join("billing", { settings });
    expect(serials.map((serial) => stage.handled("billing", serial))).toEqual(serials.map(() => 0));

    const killedAt = performance.now();
    await doomed.kill();

    // Two are promised. The third is for a busy machine.
    await stage.handledAll(["billing"], 3000 * settings.leaseSeconds);
    stage.measure("kill -9 of a consumer: its messages handled by another, lease 4 s", killedAt);
    await stage.settled("billing");
    expect(serials.map((serial) => stage.handled("billing", serial))).toEqual(serials.map(() => 1));
  });

  it("has thousands of slow messages handled side by side by another, never more than that one's concurrency", async () => {
    await using stage = await Stage.open();
    const count = scaled(300, 1000);
    stage.ledger.follow("billing-workers");
    const settings = { concurrency: count, batchSize: count };
    const doomed = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings });
    const serials = await stage.publish(count);
    await eventually(() => serials.every((serial) => stage.ledger.begun("billing-workers", serial) === 1));
    const slow = { behaviours: [{ do: "wait", ms: scaled(300, 1000) }], settings: { concurrency: 100 } } as const;
    const heir = await stage.join("billing", slow);

    const killedAt = performance.now();
    await doomed.kill();

    await stage.handledAll(["billing"]);
    stage.measure(`kill -9 of a consumer with ${count} slow messages: all handled by another, lease 2 s`, killedAt);
    await stage.settled("billing");
    const { mostAtOnce } = stage.ledger.course("billing-workers", (serial) => serial);
    expect(mostAtOnce.get(heir.by)).toBe(100);
    expect(stage.account("billing").duplicates).toEqual([]);
    expect(await stage.consumers("billing")).toHaveLength(1);
  });

  it("leaves no name behind: dead names do not pile up", async () => {
    await using stage = await Stage.open();
    const deaths = scaled(5, 40);
    for (let died = 0; died < deaths; died += 5) {
      const crew = await Promise.all(Array.from({ length: 5 }, () => stage.spawn("billing")));
      await stage.publish(10);
      await Promise.all(crew.map((member) => member.kill()));
    }
    await stage.join("billing");
    await stage.handledAll(["billing"]);

    // The one that lives, and the name under which retries wait.
    const names = (): Promise<string[]> =>
      stage.consumers("billing").then((all) => all.filter((name) => name !== "parked"));
    await eventually(names, (left) => left.length === 1);
    await eventually(
      () => stage.client.zcard("{events}:alive:billing-workers"),
      (alive) => alive === 1,
    );
  });

  it("by its handler that exits the process is replaced, and the message goes on to the next", async () => {
    await using stage = await Stage.open();
    const [fatal] = (await stage.publish(5)) as [number];
    const doomed = await stage.spawn("billing", { behaviours: [{ do: "exit", on: [fatal] }] });
    await doomed.child.exited;
    stage.ledger.blame({ name: "its process exited", by: doomed.by });

    await stage.join("billing");

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
  });
});

describe.concurrent("a message that kills its process", () => {
  it("becomes a dead letter without running for ever, and bystanders are not blamed", async () => {
    await using stage = await Stage.open();
    const before = await stage.publish(2);
    const [poison] = (await stage.publish(1)) as [number];
    const after = await stage.publish(6);
    const part = { behaviours: [{ do: "die", on: [poison] }], settings: { maxRetries: 2 } } as const;

    // As an orchestrator does it: whenever the process has died, it is started again.
    let deaths = 0;
    const buried = eventually(() => stage.client.xlen("{events}:dead"), Boolean);
    for (let over = false; !over; ) {
      const member = await stage.spawn("billing", part);
      over = await Promise.race([buried.then(() => true), member.child.exited.then(() => false)]);
      if (over) break;
      deaths++;
      stage.ledger.blame({ name: "its process died", by: member.by });
    }

    await stage.settled("billing");
    // Once with the others of its batch, then alone: so often as any message may be tried.
    expect(deaths).toBe(3);
    expect(await stage.deadLetters()).toEqual([{ serial: poison, reason: "POISONOUS" }]);
    stage.ledger.buried("billing-workers", poison);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").handled).toBe(before.length + after.length);
    expect(stage.account("billing").unexplained).toEqual([]);
  });
});

describe.concurrent("eight consumers of one group", () => {
  it("handle every message, with one in seven failing and one dying now and then", async () => {
    await using stage = await Stage.open();
    const part = {
      behaviours: [
        { do: "throw", rate: 0.15 },
        { do: "wait", ms: 2 },
      ],
      settings: { concurrency: 10, maxRetries: 1000 },
    } as const;
    const crew = await Promise.all(Array.from({ length: 8 }, () => stage.spawn("billing", part)));
    const stopPublishing = stage.publishAlways(0);
    for (let kills = 0; kills < scaled(3, 40); kills++) {
      await sleep(300);
      const victim = crew.splice(Math.floor(Math.random() * crew.length), 1)[0] as ServiceProcess;
      await victim.kill();
      crew.push(await stage.spawn("billing", part));
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
  });
});
