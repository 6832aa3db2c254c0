import { afterEach, describe, expect, it } from "vitest";
import { type Messaging, notifySuccess, subscribeNotifications } from "../../../generated/index.js";
import { exampleSuccessNotification } from "../../../generated/testing.js";
import { CatchUp } from "../../../runtime/notification/catch-up.js";
import { Missed } from "../../../runtime/notification/missed.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const USER = 123;

function notify(sender: Messaging, title: string, user = USER): Promise<unknown> {
  return notifySuccess(sender, { title, message: "text", target_user_id: user });
}

async function calls(command: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await admin.info("commandstats"))?.[1] ?? 0);
}

/** Cuts the links of a service while something is done. */
async function away(proxy: TcpProxy, channels: number, work: () => Promise<unknown>): Promise<void> {
  const subscribed = async (): Promise<number> => (await admin.pubsub("CHANNELS")).length;
  proxy.mode = "refuse";
  proxy.reset();
  await eventually(subscribed, (count) => count === 0);
  await work();
  proxy.mode = "pass";
  await eventually(subscribed, (count) => count === channels);
}

describe("what many screens missed", () => {
  it("is read once for all of them, and each is given its own, in order, once", async () => {
    await using proxy = await startTcpProxy(redis);
    await using gateway = createService(proxy, { service: "screens" });
    await using sender = createService(redis, { service: "sender" });
    const screens = 300;
    const heard = new Map<number, string[]>();
    const listening = Array.from({ length: screens }, (_, at) => {
      const user = 1 + at;
      heard.set(user, []);
      const hear = ({ title }: { title: string }): void => void heard.get(user)?.push(title);
      return subscribeNotifications(gateway, { userId: user }, hear, { catchUp: true });
    });
    await Promise.all(listening);
    await admin.config("RESETSTAT");

    await away(proxy, screens, async () => {
      for (let n = 0; n < 1000; n++) await notify(sender, String(n), 1 + (n % screens));
    });

    await eventually(
      () => [...heard.values()].flat().length,
      (count) => count === 1000,
    );
    for (const [user, titles] of heard) {
      expect(titles).toEqual(
        Array.from({ length: 1000 }, (_, n) => n)
          .filter((n) => 1 + (n % screens) === user)
          .map(String),
      );
    }
    // Six pages, in a few passes: not all subscriptions are confirmed at once.
    expect(await calls("evalsha_ro")).toBeLessThanOrEqual(60);
  });

  it("is read over a connection of its own", async () => {
    await using gateway = createService(redis, { service: "screens" });
    await notify(gateway, "missed");
    const titles: string[] = [];
    await subscribeNotifications(gateway, { userId: USER }, ({ title }) => void titles.push(title), { since: "0-0" });
    expect(titles).toEqual(["missed"]);
    const clients = String(await admin.client("LIST"));
    expect(clients).toMatch(/name=screens:catch-up .*cmd=evalsha_ro/);
  });

  it("is waited for by a screen that comes while others are read for from a later position", async () => {
    await using gateway = createService(redis, { service: "screens" });
    const ids: string[] = [];
    for (let n = 0; n < 900; n++) {
      const { entryId } = await notifySuccess(gateway, { title: String(n), message: "text", target_user_id: USER });
      ids.push(entryId as string);
    }
    const heard = await Promise.all(
      [0, 300, 600, 899].map(async (from) => {
        const titles: string[] = [];
        const hear = ({ title }: { title: string }): void => void titles.push(title);
        await subscribeNotifications(gateway, { pattern: "user:*" }, hear, { since: ids[from] as string });
        return titles;
      }),
    );
    expect(heard.map((titles) => [titles.length, titles[0], titles.at(-1)])).toEqual([
      [899, "1", "899"],
      [599, "301", "899"],
      [299, "601", "899"],
      [0, undefined, undefined],
    ]);
  });

  it("is no longer read when their screens are closed", async () => {
    let reads = 0;
    const catchUp = new CatchUp({
      log: {
        lastId: () => Promise.resolve("0-0"),
        readAfter: () => {
          reads++;
          missed.close();
          return Promise.reject(new Error("away"));
        },
      } as never,
      clock: systemClock,
      report: () => {},
      decode: () => undefined,
    });
    const missed = new Missed("0-0", { channel: { name: "n", isPattern: false }, catchUp, deliver: () => {} });
    missed.hold();
    await missed.catchUp();
    expect(reads).toBe(1);
  });
});

describe("a screen that comes while others are read for", () => {
  it.each([
    ["past the end that was asked for before it came, is given nothing twice", "7-0", ["8-0"]],
    [
      "past the end of the stream, is given all of it: it stood in one that had its name before",
      "99-0",
      ["7-0", "8-0"],
    ],
  ])("at a position %s", async (_, position, given) => {
    const entries = ["7-0"];
    const heard: string[] = [];
    const screen = (position: string, deliver: (stored: { readonly entryId: string }) => void) => ({
      channel: { name: "n", isPattern: false },
      isClosed: false,
      position,
      deliver,
    });
    let late: Promise<void> | undefined;
    const catchUp = new CatchUp({
      log: {
        lastId: async () => {
          const end = late === undefined ? "5-0" : (entries.at(-1) as string);
          late ??= catchUp.read(screen(position, ({ entryId }) => void heard.push(entryId)));
          return end;
        },
        readAfter: async (after: string) => {
          const page = entries.filter((id) => id > after).map((id) => ({ id, fields: [] }));
          if (entries.length === 1) entries.push("8-0");
          return { entries: page, isMore: false };
        },
      } as never,
      clock: systemClock,
      report: () => {},
      decode: ({ id: entryId }) => ({ entryId, channel: "n", message: {} }),
    });
    await catchUp.read(screen("1-0", () => {}));
    await late;
    expect(heard).toEqual(given);
  });
});

describe("a forged entry id in a payload", () => {
  it.each(["9999999999999-0", "18446744073709551615-18446744073709551615", "99999999999999999999-0"])(
    "(%s) makes no screen miss anything",
    async (entry_id) => {
      await using proxy = await startTcpProxy(redis);
      await using gateway = createService(proxy, { service: "screens" });
      await using sender = createService(redis, { service: "sender" });
      const titles: string[] = [];
      const hear = ({ title }: { title: string }): void => void titles.push(title);
      await subscribeNotifications(gateway, { userId: USER }, hear, { catchUp: true });
      const forged = exampleSuccessNotification({ id: crypto.randomUUID(), title: "forged" });
      await admin.publish(`notifications:user:${USER}`, JSON.stringify({ ...forged, entry_id }));
      await eventually(() => titles.length === 1);

      await away(proxy, 1, () => notify(sender, "missed"));

      await eventually(() => titles.length === 2);
      expect(titles).toEqual(["forged", "missed"]);
      expect(gateway.counts.trouble).toBeLessThanOrEqual(1);
    },
  );

  it.each(["18446744073709551616-0", "0-18446744073709551616", "1-", "-1"])(
    "or one to continue from (%s) is refused",
    async (since) => {
      await using gateway = createService(redis);
      await expect(subscribeNotifications(gateway, { userId: USER }, () => {}, { since })).rejects.toThrow(
        /no entry id/,
      );
    },
  );
});

describe("a screen that catches up", () => {
  const missed = (read: () => Promise<void>, delivered: string[] = []): Missed => {
    const catchUp = { read } as unknown as CatchUp;
    return new Missed("1-0", {
      channel: { name: "n", isPattern: false },
      catchUp,
      deliver: ({ entryId }) => void delivered.push(entryId),
    });
  };

  it("holds few live notifications back, and has the stream read on where there are more", async () => {
    let reads = 0;
    const live: number[] = [];
    const screen = missed(async () => {
      reads++;
      if (reads === 1) for (let n = 0; n < 1000; n++) screen.afterMissed(() => live.push(n));
      else screen.afterMissed(() => live.push(1000));
    });
    screen.hold();
    await screen.catchUp();
    expect(reads).toBe(2);
    expect(live).toEqual([1000]);
  });

  it("remembers what it was given until the position has passed it for certain, and no longer", () => {
    const screen = missed(async () => {});
    expect(screen.note("a")).toBe(true);
    screen.reached("2-0");
    expect(screen.note("a")).toBe(false);
    screen.reached("3-0");
    expect(screen.note("a")).toBe(true);
    expect(screen.position).toBe("3-0");
  });
});
