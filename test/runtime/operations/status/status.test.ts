import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { onUserCreated, publishUserCreated, userCreated } from "../../../../generated/index.js";
import type { MakeClient } from "../../../../runtime/config/own-client.js";
import {
  diagnose,
  type GroupStatus,
  type RedisStatus,
  readStatus,
  type Status,
  type StatusOptions,
  StatusReader,
  type StreamStatus,
} from "../../../../runtime/operations/index.js";
import { redriveKeys, streamKeys } from "../../../../runtime/redis/keys.js";
import { indexed } from "../../../../runtime/redis/letters.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const GROUP = "billing-workers";
const keys = streamKeys("events", GROUP);
const ada = { email: "ada@example.com" };
const LEASE_MS = 15_000;

const place = (user?: string): StatusOptions => ({
  env: {},
  redis: { url: user === undefined ? redis.url : redis.url.replace("//", `//${user}:secret@`) },
});
const read = (options: StatusOptions = {}): Promise<Status> => readStatus({ ...place(), ...options });
const events = ({ streams }: Status): StreamStatus => streams.find(({ name }) => name === "events") as StreamStatus;
const group = (status: Status, name = GROUP): GroupStatus =>
  events(status).groups.find((each) => each.name === name) as GroupStatus;
const serverOf = ({ redis: one, cluster }: Status): RedisStatus | null | undefined => one ?? cluster?.nodes[0]?.redis;
const first = (status: Status): string | undefined => diagnose(status)[0]?.code;

/** A group that has read some of the events, with a member for each. */
async function begin(entries: number, ...members: readonly string[]): Promise<void> {
  await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
  for (let n = 0; n < entries; n++) await admin.xadd("events", `${n + 1}-0`, "event_type", "user.created");
  for (const member of members) {
    await admin.xreadgroup("GROUP", GROUP, member, "COUNT", 1, "STREAMS", "events", ">");
    if (member !== "parked") await admin.zadd(keys.alive, Date.now(), member);
  }
}

describe("a look at an installation", () => {
  it("is plain data that tells of streams, groups, members, letters, types and services", async () => {
    await using messaging = createService(redis, {
      service: "billing",
      maxRetries: 0,
      announce: true,
      healthIntervalSeconds: 60,
    });
    onUserCreated(messaging, ({ entity_id }) => {
      if (entity_id === 2) throw new Error("dead");
    });
    await messaging.start();
    await using shop = createService(redis, { service: "shop", encoding: "json" });
    for (const entity_id of [1, 2]) await publishUserCreated(shop, { entity_id, after_data: ada });
    await admin.xadd("events", "*", "event_type", "user.created", "source_service", "crm");
    await admin.xadd("events", "*", "event_type", "user.creatd");
    await eventually(() => messaging.counts.deadLettered === 2 && messaging.counts.skipped === 2);
    const status = await eventually(
      () => read({ messages: [userCreated], streams: ["events", "health"] }),
      (seen) => seen.services.length === 1 && seen.services[0]?.status === "healthy",
    );
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    expect(status).toMatchObject({ environment: "development", sinceMs: null, paused: [], refused: [] });
    expect(serverOf(status)).toMatchObject({
      role: "master",
      evictedKeys: 0,
      lastSaveSucceeded: true,
      maxMemoryBytes: null,
    });
    expect(events(status)).toMatchObject({ keyType: "stream", kind: "event", length: 5, added: 5, ids: "current" });
    expect(events(status).bytes).toBeGreaterThan(0);
    expect(events(status).letters).toEqual({ total: 2, open: 2, isCounted: true, ids: "current" });
    expect(group(status)).toMatchObject({
      service: "billing",
      lag: 0,
      isBehind: false,
      pending: 0,
      isServed: true,
      lagPerSecond: null,
    });
    expect(group(status).members).toMatchObject({ total: 1, alive: 1, list: [{ state: "alive", hasHeartbeat: true }] });
    expect(group(status).letters).toMatchObject({
      ...{ open: 2, sampled: 2 },
      causes: expect.arrayContaining([
        expect.objectContaining({ reason: "Error", type: "user.created", source: "shop", count: 1 }),
        expect.objectContaining({ reason: "CONTRACT_VIOLATED", type: "user.created", source: "crm", count: 1 }),
      ]),
    });
    const types = events(status).types.map(({ type, isKnown, isHandled }) => [type, isKnown, isHandled]);
    expect(types).toEqual(
      expect.arrayContaining([
        ["user.created", true, true],
        ["user.creatd", false, false],
        ["service.started", false, false],
      ]),
    );
    expect(status.services).toMatchObject([
      { name: "billing", status: "healthy", isAlive: true, overtaken: 0, stoppedMs: null },
    ]);
    expect(status.services[0]?.startedMs).not.toBeNull();
  });

  it("tells what grows from the second look on", async () => {
    await begin(1, "billing-1-0123abcd");
    await using reader = new StatusReader(place());
    await reader.read();
    for (let n = 10; n < 13; n++) await admin.xadd("events", `${n}-0`, "event_type", "user.created");
    const status = await reader.read();
    expect(status.sinceMs).toBeGreaterThan(0);
    expect(events(status).addedPerSecond).toBeGreaterThan(0);
    expect(group(status)).toMatchObject({ lag: 3, lagPerSecond: events(status).addedPerSecond });
  });

  it("calls a lag that Redis cannot tell unknown", async () => {
    await begin(5, "billing-1-0123abcd");
    await admin.xdel("events", "3-0");
    await admin.xgroup("SETID", "events", GROUP, "2-0");
    expect(group(await read())).toMatchObject({ lag: null, isBehind: true });
  });

  it("takes a member for alive, silent or dead by its last sign, and hears of one whose clock is wrong", async () => {
    await begin(1);
    for (const [member, ms] of [
      ["a", 0],
      ["s", 20_000],
      ["d", 60_000],
    ] as const)
      await admin.zadd(keys.alive, Date.now() - ms, member);
    expect(group(await read()).members).toMatchObject({
      total: 3,
      alive: 1,
      silent: 1,
      dead: 1,
      list: [{ name: "d" }, { name: "s" }, { name: "a" }],
    });
    // Hours behind: but the group is served, so the newest heartbeat is of now.
    for (const [member, ms] of [
      ["a", 0],
      ["s", 20_000],
      ["d", 60_000],
    ] as const)
      await admin.zadd(keys.alive, 1e6 - ms, member);
    expect(group(await read()).members).toMatchObject({ alive: 0, dead: 3 });
    await admin.hset(keys.floor, "served", Date.now() + LEASE_MS);
    expect(group(await read()).members).toMatchObject({ alive: 1, silent: 1, dead: 1 });
    await using reader = new StatusReader(place());
    await reader.read();
    await admin.zadd(keys.alive, 5e5, "d");
    expect(group(await reader.read()).members).toMatchObject({ alive: 2, silent: 1, dead: 0 });
    // The clock of one is put back between two looks.
    await admin.del(keys.floor);
    await admin.zadd(keys.alive, Date.now(), "a");
    await reader.read();
    await admin.zadd(keys.alive, 6e5, "a");
    expect(group(await reader.read()).members.list).toContainEqual(
      expect.objectContaining({ name: "a", state: "alive" }),
    );
  });

  it("tells of what was redriven, handed over, parked, and left by a group that is gone", async () => {
    await begin(2, "parked");
    await admin.zadd(keys.retry, Date.now() + 60_000, "1-0");
    await admin.zadd(keys.handover, 0, "x");
    const { stream } = redriveKeys(keys, GROUP);
    await admin.xadd(stream, "1-0", "event_type", "user.created");
    const id = (await admin.xadd(
      keys.dead,
      "*",
      "group",
      "gone-workers",
      "reason",
      "E",
      "type",
      "t",
      "original",
      "",
    )) as string;
    await admin.zadd(keys.index, 0, indexed("gone-workers", "open", id));
    await admin.hset(`{events}:paused:${GROUP}`, {
      "type:user.created": `${Date.now() + 9000} ${Date.now()} {"by":"ada"}`,
      other: "x",
    });
    const status = await read();
    expect(group(status)).toMatchObject({ parked: 1, handover: 1, redriven: { lag: 1, isBehind: true, pending: 0 } });
    expect(group(status).nextDueMs).toBeGreaterThan(0);
    expect([group(status).isGone, group(status, "gone-workers").isGone]).toEqual([false, true]);
    expect(group(status, "gone-workers").letters).toMatchObject({
      open: 1,
      causes: [{ reason: "E", type: "t", source: null, newestId: id }],
    });
    expect(status.paused).toMatchObject([
      { stream: "events", group: GROUP, type: "user.created", who: "ada", why: null },
    ]);
  });

  it("tells which entries members hold, for how long, and how many processes each has killed", async () => {
    await begin(3, "a", "b", "parked");
    await admin.xclaim("events", GROUP, "a", 0, "1-0", "RETRYCOUNT", 5, "IDLE", 90_000, "JUSTID");
    await admin.hset(keys.errors, "1-0", '{"at":"x","message":"}"},{"at":"y"}');
    const status = await read();
    expect(group(status).held).toMatchObject([
      { id: "1-0", member: "a", deliveries: 5, failures: 2, deaths: 2 },
      { id: "2-0", member: "b", deliveries: 1, failures: null, deaths: 0 },
    ]);
    expect(first(status)).toBe("MESSAGE_POISONOUS");
    await admin.hset(keys.errors, "1-0", "no JSON");
    const unknown = await read();
    expect(group(unknown).held[0]).toMatchObject({ deaths: null });
    expect(first(unknown)).toBe("HANDLER_SLOW");
  });

  it("finds a service whose report is overdue, and none that said it stops", async () => {
    const report = async (ms: number, uptime: number, overtaken: number): Promise<unknown> => {
      const details = JSON.stringify({ counts: { overtaken }, heartbeat: { state: "confirmed" } });
      const time = new Date(ms).toISOString();
      const entry = {
        service_name: "mail",
        status: "healthy",
        timestamp: time,
        uptime_seconds: String(uptime),
        details,
      };
      return admin.xadd("health", `${ms}-0`, ...Object.entries(entry).flat());
    };
    const now = Date.now();
    for (const n of [0, 1, 2]) await report(now - 90_000 + n * 10_000, 100 + n * 10, n);
    const status = await read();
    expect(status.services).toMatchObject([{ name: "mail", intervalMs: 10_000, overtaken: 2, overtakenLately: 2 }]);
    expect(diagnose(status).map(({ code }) => code)).toEqual(["SERVICE_LOST", "MEMBER_OVERTAKEN"]);
    const tell = (type: string, instance: string): Promise<unknown> =>
      admin.xadd(
        "events",
        "*",
        "event_type",
        type,
        "entity_type",
        "service",
        "entity_id",
        "mail",
        "after_data",
        JSON.stringify({ instance_id: instance }),
      );
    for (const [type, instance] of [
      ["started", "a"],
      ["started", "b"],
      ["stopped", "b"],
    ] as const)
      await tell(`service.${type}`, instance);
    // One of two has stopped.
    expect(first(await read())).toBe("SERVICE_LOST");
    await tell("service.stopped", "a");
    expect(first(await read())).toBe("MEMBER_OVERTAKEN");
  });

  it("asks in as many round trips whatever there is, with as many commands more for each group more", async () => {
    let [trips, sent] = [0, 0];
    const client: MakeClient = (options) => {
      const made = new Redis({ ...options, host: "127.0.0.1", port: Number(new URL(redis.url).port) });
      const pipeline = made.pipeline.bind(made);
      made.pipeline = () => {
        const round = pipeline();
        const exec = round.exec.bind(round);
        round.exec = () => {
          trips++;
          sent += round.length;
          return exec();
        };
        return round;
      };
      return made;
    };
    await using reader = new StatusReader({ env: {}, redis: { client }, streams: ["events"] });
    const counts: number[] = [];
    for (let groups = 1; groups <= 9; groups++) {
      await admin.xgroup("CREATE", "events", `g${groups}-workers`, "0", "MKSTREAM");
      [trips, sent] = [0, 0];
      await reader.read();
      if (groups % 4 === 1) counts.push(sent);
      expect(trips).toBeLessThanOrEqual(7);
    }
    const [one = 0, five = 0, nine = 0] = counts;
    expect(nine - five).toBe(five - one);
    expect(five - one).toBeLessThanOrEqual(4 * 2);
  });
});

describe("a look with few rights, or at what others have spoilt", () => {
  const grant = (name: string, rules: string): Promise<unknown> =>
    admin.call("ACL", "SETUSER", name, "reset", "on", ">secret", ...rules.split(" "));

  it("tells the same without scripts as far as it can, says what it may not ask, and calls the rest unknown", async () => {
    await begin(2, "a");
    await grant("plain", "~* +@all -@scripting");
    const status = await read(place("plain"));
    expect(status.refused).toEqual(["EVALSHA_RO", "EVAL_RO"]);
    expect(group(status)).toMatchObject({
      lag: null,
      isBehind: true,
      pending: 1,
      members: { alive: 1 },
      letters: { open: null },
    });
    expect(events(status)).toMatchObject({ length: 2, oldestMs: null, added: null });
    expect(diagnose(status).map(({ code }) => code)).toEqual(["RIGHT_MISSING"]);
    await grant("blind", "~* +ping");
    const warned = vi.spyOn(console, "warn");
    const nothing = await read(place("blind"));
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
    expect(nothing.refused).toEqual(expect.arrayContaining(["INFO", "TIME", "XINFO|GROUPS"]));
    expect(serverOf(nothing)).toMatchObject({ version: null, usedMemoryBytes: null, evictedKeys: null, role: null });
  });

  it("holds out where every key of a stream is of another type, and says so", async () => {
    await begin(1, "a");
    const { stream, ...others } = keys;
    for (const key of Object.values(others))
      if (!key.endsWith(":")) await admin.set(key, "x").then(() => admin.set(key, "y"));
    expect(group(await read())).toMatchObject({ pending: 1, parked: 0, redriven: null });
    await admin.set(stream, "a text");
    const status = await read();
    expect(events(status)).toMatchObject({ keyType: "string", length: 0, groups: [] });
    expect(first(status)).toBe("KEY_WRONG_TYPE");
    const odd = ["a\nb", "__proto__", "x'; rm", "\u202e"];
    await admin.flushall();
    for (const name of odd) await admin.xgroup("CREATE", "events", name, "0", "MKSTREAM");
    for (const name of odd) await admin.xgroup("CREATECONSUMER", "events", name, `${name}"\\`);
    expect(
      events(await read())
        .groups.map(({ name }) => name)
        .sort(),
    ).toEqual(odd.sort());
    // No letter stands behind any of these.
    const junk = ["junk", "g\no12", indexed("g", "open", "9-9"), "h\nq", `i\no${"9".repeat(40)}`];
    await admin.zadd(keys.index, ...junk.flatMap((member) => [0, member]));
    expect(group(await read(), "g").letters).toMatchObject({ open: 2, causes: [], sampled: 0 });
  });

  it("lists the same members without scripts: the dead and the silent, then of many others those that hold most", async () => {
    await begin(20, "parked");
    await grant("plain", "~* +@all -@scripting");
    const join = async (from: number, to: number): Promise<void> => {
      const joining = admin.pipeline();
      for (let n = from; n < to; n++) {
        const member = `billing-${1000 + n}-0123abcd`;
        // Some have no heartbeat yet, some are no consumers yet, and the clock of one is wrong.
        if (n % 10 !== 1) joining.zadd(keys.alive, Date.now() - (n === 5 ? 3_600_000 : 0), member);
        if (n % 10 !== 2) joining.xgroup("CREATECONSUMER", "events", GROUP, member);
        if (n % 30 === 0)
          joining.call("XREADGROUP", "GROUP", GROUP, member, "COUNT", 1 + n / 30, "STREAMS", "events", ">");
      }
      await joining.exec();
    };
    await join(0, 60);
    await admin.zadd(keys.alive, Date.now() - 20_000, "silent", Date.now() - 60_000, "dead", Date.now(), "handover");
    const [seen, plain] = [group(await read()), group(await read(place("plain")))];
    const told = ({ members: { list, ...counts }, held }: GroupStatus): unknown => [
      counts,
      list.map(({ lastSignMs: _, ...member }) => member),
      // They were delivered within a millisecond or two, which each look rounds by itself.
      held.map(({ heldMs: _, ...entry }) => entry).sort((one, other) => one.id.localeCompare(other.id)),
    ];
    expect(told(seen)).toEqual(told(plain));
    await join(60, 130);
    for (const { members } of [group(await read()), group(await read(place("plain")))]) {
      expect(members).toMatchObject({ total: 132, alive: 130, silent: 1, dead: 1 });
      const first = members.list.slice(0, 4).map(({ name, pending }) => [name, pending]);
      const most = [
        ["billing-1120-0123abcd", 5],
        ["billing-1090-0123abcd", 4],
      ];
      expect(first).toEqual([["dead", 0], ["silent", 0], ...most]);
      expect(members.list).toHaveLength(100);
    }
  });

  it("tells the rest of a group of which one key is of another type", async () => {
    await begin(1, "a");
    await admin.hset(keys.types, "a", '\n"user.created"\n');
    await admin.set(keys.handover, "x");
    // Then, too, no long name is read that others have written.
    await admin.xgroup("CREATECONSUMER", "events", GROUP, "c".repeat(200_000));
    await admin.zadd(keys.alive, Date.now(), "a".repeat(200_000));
    const status = await read();
    expect(group(status)).toMatchObject({ pending: 1, handover: 0, members: { total: 1, alive: 1 } });
    expect(events(status).types).toMatchObject([{ type: "user.created", isHandled: true }]);
    expect(status.refused).toEqual([]);
  });

  it("takes a group of which others wrote more types than any has as one that does not tell what it handles", async () => {
    await begin(1, "a");
    await admin.hset(keys.types, "a", '\n"user.created"\n');
    await admin.hset(keys.types, ...Array.from({ length: 12_000 }, (_, at) => [`m${at}`, `\n"t${at}"\n`]).flat());
    expect(events(await read()).types).toMatchObject([{ type: "user.created", isHandled: null }]);
  });

  it("says why it cannot be judged at all", async () => {
    const away = read({ redis: { url: "redis://127.0.0.1:1", connectionTimeoutSeconds: 0.3 } });
    await expect(away).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    await expect(read(place("nobody"))).rejects.toMatchObject({ code: "REDIS_REFUSED" });
  });
});
