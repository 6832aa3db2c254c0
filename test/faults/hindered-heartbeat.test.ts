import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Health } from "../../generated/index.js";
import { type LogBook, logBook } from "../support/service.js";
import { eventually } from "./patience.js";
import { groupOf, Stage } from "./stage.js";

const LEASE_MS = 1000;
const MEMBERS = 2;

interface Hindrance {
  begin(stage: Stage): Promise<unknown>;
  end(stage: Stage): Promise<unknown>;
  readonly state: NonNullable<Health["details"]["heartbeat"]>["state"];
  readonly reason: RegExp;
}

const hindrances: Readonly<Record<string, Hindrance>> = {
  "the right to ZADD is revoked": {
    begin: ({ client }) => client.acl("SETUSER", "default", "-zadd"),
    end: ({ client }) => client.acl("SETUSER", "default", "+zadd"),
    state: "unconfirmed",
    reason: /can't run this command|no permissions/,
  },
  "the right to scripts is revoked": {
    begin: ({ client }) => client.acl("SETUSER", "default", "-eval", "-evalsha"),
    end: ({ client }) => client.acl("SETUSER", "default", "+eval", "+evalsha"),
    state: "unconfirmed",
    reason: /NOPERM/,
  },
  "there are too few replicas to write": {
    begin: ({ client }) => client.config("SET", "min-replicas-to-write", "1"),
    end: ({ client }) => client.config("SET", "min-replicas-to-write", "0"),
    state: "unconfirmed",
    reason: /NOREPLICAS/,
  },
  "Redis has no place for their connections": {
    begin: async ({ client }) => {
      const beating = async (): Promise<readonly string[]> => {
        const clients = ((await client.client("LIST")) as string).split("\n");
        return clients.flatMap((line) => /^id=(\d+) .*name=billing:heartbeat /.exec(line)?.[1] ?? []);
      };
      // One that connects later would keep its place.
      const ids = await eventually(beating, ({ length }) => length === MEMBERS);
      await client.config("SET", "maxclients", "1");
      for (const id of ids) await client.client("KILL", "ID", id);
    },
    end: ({ client }) => client.config("SET", "maxclients", "1000"),
    state: "covered",
    reason: /max number of clients/,
  },
};

const linesAbout = (log: LogBook): readonly string[] =>
  log.lines
    .filter(({ text }) => text.startsWith("sending heartbeats"))
    .map(({ text, details }) => `${text}: ${String((details as { err: unknown }).err)}`);

describe.concurrent("consumers whose heartbeats alone cannot be written for several leases", () => {
  it.each(Object.entries(hindrances))("keep what they hold, and say so: %s", async (_, hindrance) => {
    await using stage = await Stage.open();
    const logs = Array.from({ length: MEMBERS }, () => logBook());
    // On a busy machine no other link may be given up for a silence: there would be no place for it either.
    const redis = { socketTimeoutSeconds: 20 };
    const settings = { leaseSeconds: LEASE_MS / 1000, concurrency: 10, batchSize: 2, redis };
    const behaviours = [{ do: "wait", ms: 7 * LEASE_MS }] as const;
    const members = await Promise.all(logs.map((logger) => stage.join("billing", { settings, behaviours, logger })));
    const serials = await stage.publish(10);
    const begun = (): number[] => serials.map((serial) => stage.ledger.begun(groupOf("billing"), serial));
    await eventually(() => begun().every((times) => times === 1));

    await hindrance.begin(stage);
    for (const { messaging } of members) {
      const health = await eventually(
        () => messaging.health(),
        ({ details }) =>
          details.heartbeat?.state === hindrance.state && hindrance.reason.test(`${details.heartbeat.reason}`),
      );
      expect(health.status).toBe(hindrance.state === "covered" ? "healthy" : "unhealthy");
    }
    // Long enough for each to judge the other, had it the right to.
    await sleep(3 * LEASE_MS);
    await hindrance.end(stage);

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    for (const { messaging } of members) {
      await eventually(
        () => messaging.health(),
        ({ status, details }) => status === "healthy" && details.heartbeat?.state === "confirmed",
      );
      expect(messaging.counts.recovered).toBe(0);
    }
    expect(begun()).toEqual(serials.map(() => 1));
    for (const log of logs) expect(linesAbout(log).filter((line) => hindrance.reason.test(line))).toHaveLength(1);
  });
});

describe.concurrent("a consumer whose heartbeats alone are refused, and not those of others,", () => {
  it("is not taken for dead while it can ask for anything", async () => {
    await using stage = await Stage.open();
    await stage.client.acl("SETUSER", "mute", "on", ">mute", "~*", "&*", "+@all");
    const settings = { leaseSeconds: LEASE_MS / 1000, concurrency: 5, batchSize: 1 };
    const redis = { username: "mute", password: "mute" };
    const behaviours = [{ do: "wait", ms: 7 * LEASE_MS }] as const;
    const { messaging: mute } = await stage.join("billing", { settings: { ...settings, redis }, behaviours });
    const serials = await stage.publish(5);
    const begun = (): number[] => serials.map((serial) => stage.ledger.begun(groupOf("billing"), serial));
    await eventually(() => begun().every((times) => times === 1));
    await stage.client.acl("SETUSER", "mute", "-zadd");
    const { messaging: other } = await stage.join("billing", { settings });
    await eventually(
      () => mute.health(),
      ({ details }) => details.heartbeat?.state === "unconfirmed",
    );
    await sleep(3 * LEASE_MS);
    expect(other.counts.recovered).toBe(0);
    await stage.client.acl("SETUSER", "mute", "+zadd");

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(begun()).toEqual(serials.map(() => 1));
  });
});

describe.concurrent("a consumer that dies", () => {
  it("is noticed by one whose links are reset more often than once a lease", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 2 };
    const doomed = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings });
    await stage.publish(5);
    await eventually(() => stage.tally("billing").size === 0 && stage.ledger.begun(groupOf("billing"), 5) > 0);
    await stage.join("billing", { settings });
    let going = true;
    const resetting = (async () => {
      while (going) {
        await stage.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").catch(() => {});
        await sleep(500);
      }
    })();

    await doomed.kill();
    await stage.handledAll(["billing"]);
    going = false;
    await resetting;
    await stage.settled("billing");
  });
});
