import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { Stage } from "./stage.js";

const MESSAGE = { entity_id: 1, after_data: { email: "user@example.com" } };

describe.concurrent("a Redis that", () => {
  it("kills its clients' connections again and again is connected to again, and nothing is lost", async () => {
    await using stage = await Stage.open();
    await Promise.all([1, 2].map(() => stage.join("billing", { behaviours: [{ do: "wait", ms: 1 }] })));
    const stopPublishing = stage.publishAlways(1);
    for (let kills = 0; kills < scaled(10, 100); kills++) {
      await sleep(100);
      const from = Date.now();
      await stage.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      stage.ledger.blame({ name: "CLIENT KILL", from, until: Date.now() });
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
  });

  it("pauses its clients for longer than every lease hands no message to another", async () => {
    await using stage = await Stage.open();
    const taken: number[] = [];
    const hooks = { recovered: ({ count }: { count: number }) => void taken.push(count) };
    await Promise.all([1, 2].map(() => stage.join("billing", { hooks, behaviours: [{ do: "wait", ms: 20 }] })));
    const stopPublishing = stage.publishAlways(3);
    await sleep(300);

    const from = Date.now();
    await stage.client.call("CLIENT", "PAUSE", 3500, "ALL");
    await sleep(3500);
    stage.ledger.blame({ name: "CLIENT PAUSE", from, until: Date.now() + 1000 });
    await sleep(2000);
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
    expect(taken).toEqual([]);
  });

  it("has no memory left refuses to publish, retryably, while what it holds is consumed, retried and not taken from the living", async () => {
    await using stage = await Stage.open();
    const taken: number[] = [];
    const hooks = { recovered: ({ count }: { count: number }) => void taken.push(count) };
    const part = {
      hooks,
      behaviours: [
        { do: "throw", attempts: 1 },
        { do: "wait", ms: 20 },
      ],
    } as const;
    const settings = { concurrency: 2, batchSize: 2, retryDelaySeconds: 0.5 };
    await stage.publish(200);
    await stage.client.config("SET", "maxmemory", "1");
    await expect(publishUserCreated(stage.publisher, MESSAGE)).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: true,
    });

    await Promise.all([1, 2].map(() => stage.join("billing", { ...part, settings })));
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    await sleep(2000);

    await stage.client.config("SET", "maxmemory", "0");
    await stage.publish(20);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").duplicates).toEqual([]);
    expect(taken).toEqual([]);
  });

  it("changes its password is served again as soon as the password fits, and says meanwhile what is wrong", async () => {
    await using stage = await Stage.open();
    await stage.join("billing");
    await stage.publish(10);
    await stage.handledAll(["billing"]);

    await stage.client.config("SET", "requirepass", "another");
    await stage.client.call("AUTH", "another");
    await stage.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const failure = await eventually(
      () =>
        publishUserCreated(stage.publisher, MESSAGE).then(
          () => undefined,
          (error: unknown) => error,
        ),
      (error) => (error as { code?: string } | undefined)?.code === "REDIS_REFUSED",
    );
    expect(failure).toMatchObject({ retryable: false, message: expect.stringContaining("REDIS_PASSWORD") });
    await sleep(1000);
    await stage.client.config("SET", "requirepass", "");
    const fitsAt = performance.now();

    await eventually(() => publishUserCreated(stage.publisher, { ...MESSAGE, metadata: { serial: -1 } }));
    await stage.publish(10);
    await stage.handledAll(["billing"]);
    stage.measure("the password fits again: ten messages published and handled", fitsAt);
    await stage.settled("billing");
  });

  it("becomes a replica refuses to publish, retryably, and is used again once it is a master", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "wait", ms: 2 }] });
    await stage.publish(100);
    const from = Date.now();
    // Its master is nowhere: it keeps what it has.
    await stage.client.call("REPLICAOF", "127.0.0.1", "1");
    await expect(publishUserCreated(stage.publisher, MESSAGE)).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: true,
    });
    await sleep(3000);
    await stage.client.call("REPLICAOF", "NO", "ONE");
    const backAt = performance.now();
    stage.ledger.blame({ name: "acknowledged while it was a replica", from, until: Date.now() });

    await stage.publish(50);
    await stage.handledAll(["billing"]);
    stage.measure("READONLY for 3 s: everything handled", backAt);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
  });
});
