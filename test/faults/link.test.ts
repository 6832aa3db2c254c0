import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");
const MESSAGE = { entity_id: 1, after_data: { email: "user@example.com" } };

describe.concurrent("a publish whose reply is lost", () => {
  it("is told as uncertain and stored once: nothing is sent a second time by itself", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    const publisher = stage.createPublisher({}, proxy.url);
    await publishUserCreated(publisher, MESSAGE);

    proxy.mode = "mute";
    await expect(publishUserCreated(publisher, MESSAGE)).rejects.toMatchObject({
      code: "PUBLISH_UNCERTAIN",
      retryable: false,
    });
    proxy.mode = "pass";

    await eventually(() => publishUserCreated(publisher, MESSAGE));
    expect(await stage.client.xlen("events")).toBe(3);
  });

  it("may be repeated under its id when it is published once: it is stored once", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    const publisher = stage.createPublisher({}, proxy.url);
    const once = { id: "5e9c7a52-0b8f-4b57-9a51-0c3d0f6f8a11", once: true };
    await publishUserCreated(publisher, MESSAGE);

    proxy.mode = "mute";
    await expect(publishUserCreated(publisher, MESSAGE, once)).rejects.toMatchObject({ retryable: true });
    proxy.mode = "pass";

    const { entryId } = await eventually(() => publishUserCreated(publisher, MESSAGE, once));
    expect(await publishUserCreated(publisher, MESSAGE, once)).toMatchObject({ entryId });
    expect(await stage.client.xlen("events")).toBe(2);
  });

  it("with the link cut again and again in the middle of replies leaves none lost and none twice", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    const publisher = stage.createPublisher({}, proxy.url);
    await stage.join("billing");
    const publishing = stage.publish(scaled(200, 2000), { from: publisher, once: true, everyMs: 1 });
    let over = false;
    void publishing.then(() => (over = true));
    for (let stored = 0; !over; stored = stage.ledger.count.published) {
      await eventually(() => over || stage.ledger.count.published > stored + 3);
      proxy.cutAfter(Math.floor(Math.random() * 60));
    }
    await publishing;

    await stage.handledAll(["billing"]);
    const { lost, duplicates, unknown } = stage.account("billing");
    expect({ lost, duplicates, unknown }).toEqual({ lost: [], duplicates: [], unknown: [] });
  });
});

describe.concurrent("a consumer", () => {
  it("finds the entries that were delivered to it in a reply that was lost", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    await stage.join("billing", { url: proxy.url });
    await stage.publish(1);
    await stage.handledAll(["billing"]);

    // Only a read that waits has a reply with messages to lose: tried until it was one.
    const serials: number[] = [];
    const lose = async (): Promise<boolean> => {
      proxy.mode = "mute";
      serials.push(...(await stage.publish(5)));
      const [pending] = (await stage.client.xpending("events", GROUP)) as [number];
      if (pending === 0) proxy.mode = "pass";
      return pending > 0;
    };
    await eventually(lose, Boolean, { everyMs: 500 });
    const [newer = 0] = await stage.publish(1);
    proxy.mode = "pass";
    const lostAt = performance.now();

    await stage.handledAll(["billing"]);
    stage.measure("a lost XREADGROUP reply: its messages handled", lostAt);
    await stage.settled("billing");
    expect(serials.map((serial) => stage.ledger.handlings(GROUP, serial).map(({ attempt }) => attempt))).toEqual(
      serials.map(() => [1]),
    );
    // Before it reads on, not only when it looks at intervals.
    expect(stage.ledger.order(GROUP).slice(-1)).toEqual([newer]);
  });

  it("whose acknowledgement got no reply repeats it, and handles nothing twice", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    await stage.join("billing", { url: proxy.url, behaviours: [{ do: "wait", ms: 300 }] });
    const serials = await stage.publish(50);
    await eventually(() => serials.every((serial) => stage.ledger.begun(GROUP, serial) > 0));

    proxy.mode = "mute";
    await eventually(
      async () => (await stage.client.xpending("events", GROUP))[0],
      (pending) => pending === 0,
    );
    proxy.mode = "pass";

    await stage.handledAll(["billing"]);
    await stage.publish(1);
    await stage.handledAll(["billing"]);
    expect(stage.account("billing").duplicates).toEqual([]);
  });

  it("reads on by itself after its connection was half-open for longer than any read, with new connections half-open too", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    await stage.join("billing", { url: proxy.url });
    await stage.publish(1);
    await stage.handledAll(["billing"]);

    proxy.mode = "blackhole";
    await stage.publish(10);
    await sleep(4000);
    await stage.publish(10);
    proxy.mode = "pass";
    const healedAt = performance.now();

    await stage.handledAll(["billing"]);
    stage.measure("a half-open link for 4 s: everything handled", healedAt);
    await stage.settled("billing");
    expect(stage.account("billing").duplicates).toEqual([]);
  });

  it("reads on while its messages go to another when only its own link is down for longer than its lease", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    const cut = await stage.join("billing", { url: proxy.url, behaviours: [{ do: "wait", ms: 2500, attempts: 1 }] });
    const serials = await stage.publish(10);
    await eventually(() => serials.every((serial) => stage.ledger.begun(GROUP, serial) > 0));
    await stage.join("billing");

    const from = Date.now();
    proxy.mode = "blackhole";
    await sleep(5000);
    proxy.mode = "pass";
    stage.ledger.blame({ name: "one was cut off for longer than its lease", from, until: Date.now() });

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const before = stage.tally("billing").get(cut.by) ?? 0;
    const stopPublishing = stage.publishAlways(2);
    await eventually(() => (stage.tally("billing").get(cut.by) ?? 0) > before);
    await stopPublishing();
    await stage.handledAll(["billing"]);
    expect(stage.account("billing").unexplained).toEqual([]);
  });

  it("on a link that is slow, and is cut in the middle of replies now and then, loses nothing", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    await stage.join("billing", { url: proxy.url });
    proxy.delayMs = 20;
    const from = Date.now();
    const publishing = stage.publish(scaled(300, 5000), { everyMs: 3 });
    let over = false;
    void publishing.then(() => (over = true));
    while (!over) {
      proxy.cutAfter(Math.floor(Math.random() * 3000));
      await sleep(300);
    }
    await publishing;
    stage.ledger.blame({ name: "a link cut before an acknowledgement", from, until: Date.now() });

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
  });

  it("is told of every connection that comes back, and its reader resumes each time", async () => {
    await using stage = await Stage.open();
    await using proxy = await startTcpProxy(stage.redis);
    const again: string[] = [];
    const hooks = { connected: (info: { role: string; again: boolean }) => void (info.again && again.push(info.role)) };
    await stage.join("billing", { url: proxy.url, hooks });
    await stage.publish(1);
    await stage.handledAll(["billing"]);
    for (let resets = 0; resets < scaled(10, 100); resets++) {
      await stage.publish(5);
      proxy.reset();
      await sleep(50 + Math.random() * 100);
    }

    await stage.handledAll(["billing"]);
    expect(again).toEqual(expect.arrayContaining(["read:events", "settle"]));
    expect(stage.account("billing").duplicates).toEqual([]);
  });
});
