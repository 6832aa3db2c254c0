import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diagnose, type GroupStatus, type Problem, type Status } from "../../../../runtime/operations/index.js";
import { groupOf, heldOf, memberOf, membersOf, serviceOf, statusOf, streamOf } from "../../../support/status.js";

const oneGroup = (rest: Partial<GroupStatus>): Status => statusOf([streamOf([groupOf(rest)])]);
const nobody = { isServed: false, members: membersOf() };
const cause = { reason: "Error", type: "user.created", source: "shop", count: 1, newestId: "7-0" };
const letters = (...causes: readonly Partial<typeof cause>[]): Partial<GroupStatus> => {
  const all = causes.map((each) => ({ ...cause, ...each }));
  const open = all.reduce((sum, { count }) => sum + count, 0);
  return { letters: { open, oldestMs: 90_000, causes: all, sampled: open } };
};
const pause = {
  stream: "events",
  group: "billing-workers",
  type: null,
  sinceMs: 60_000,
  endsInMs: null,
  who: "ada",
  why: "bad release",
};

/** What a status shows, and the problem that stands first. */
const sicknesses: readonly (readonly [
  what: string,
  status: Status,
  code: string,
  sentence: string,
  command: string | undefined,
])[] = [
  [
    "a dead consumer",
    oneGroup({
      isServed: false,
      isBehind: true,
      lag: 5,
      pending: 3,
      members: membersOf(memberOf({ state: "dead", lastSignMs: 130_000, pending: 3 })),
    }),
    "critical CONSUMER_DEAD",
    "the only consumer of billing-workers on events died (last seen 2 min ago): 5 entries unread, 3 entries pending, 3 of them in its hands, and nobody takes them",
    "start a process of billing",
  ],
  [
    "a dead consumer beside a living one",
    oneGroup({
      pending: 2,
      members: membersOf(memberOf({ name: "b" }), memberOf({ state: "silent", lastSignMs: 16_000, pending: 2 })),
    }),
    "warning CONSUMER_DEAD",
    "1 consumer of billing-workers on events died (last seen 16 s ago) with 2 entries in hand; the others take them over when its lease has ended",
    "redis-cli xinfo consumers events billing-workers",
  ],
  [
    "a message that kills consumers",
    oneGroup({ pending: 1, held: [heldOf({ deliveries: 4, deaths: 3 })] }),
    "critical MESSAGE_POISONOUS",
    "the message 1-0 of events kills consumers of billing-workers: 3 died while they handled it; it becomes a dead letter (POISONOUS) when it has killed enough, or now by this command",
    "merp dead-letters bury events billing-workers 1-0",
  ],
  [
    "messages that killed consumers",
    oneGroup(letters({ reason: "POISONOUS", count: 2 })),
    "critical MESSAGE_POISONOUS",
    "poison messages of billing-workers on events: 2 messages killed consumer after consumer (POISONOUS: 2 user.created)",
    "merp dead-letters groups events --group billing-workers",
  ],
  [
    "a slow handler",
    oneGroup({ isBehind: true, lag: 1200, lagPerSecond: 3, pending: 1, held: [heldOf({ heldMs: 95_000 })] }),
    "warning HANDLER_SLOW",
    "handlers of billing are slow: 1 consumer of billing-workers on events lives, but one has held 1-0 for 95 s, and 1,200 entries wait unread (3.0 more each second); if every message takes long, start another process of billing; if this one alone does, make it a dead letter, and the others go on",
    "merp dead-letters bury events billing-workers 1-0",
  ],
  [
    "a group that nobody serves",
    oneGroup({ ...nobody, isBehind: true, lag: 1 }),
    "critical GROUP_UNSERVED",
    "nobody serves billing-workers on events: 1 entry unread, and no consumer is there; start billing, or retire the group if that service is gone for good (merp group retire events billing-workers)",
    "start a process of billing",
  ],
  [
    "a type that nobody handles",
    statusOf([
      streamOf([groupOf()], {
        types: [{ type: "user.creatd", seen: 3, newestId: "1-0", isKnown: false, isHandled: false }],
      }),
    ]),
    "warning TYPE_UNHANDLED",
    "nobody handles the type user.creatd (3 of the newest) on events: no consumer of billing-workers does; the catalogue does not describe it either, so look at what its producer calls it",
    "start a service that handles it",
  ],
  [
    "a producer that breaks the contract",
    oneGroup(letters({ reason: "CONTRACT_VIOLATED", count: 4 }, { reason: "ENTRY_UNREADABLE" })),
    "warning CONTRACT_BROKEN",
    "shop breaks the contract: 5 messages became dead letters of billing-workers on events (4 user.created CONTRACT_VIOLATED and 1 user.created ENTRY_UNREADABLE)",
    "merp dead-letters groups events --group billing-workers",
  ],
  [
    "a producer that breaks the contract for two groups of a stream, once",
    statusOf([
      streamOf([
        groupOf(letters({ reason: "CONTRACT_VIOLATED", count: 4 })),
        groupOf({ ...letters({ reason: "CONTRACT_VIOLATED", count: 3 }), name: "mail-workers", service: "mail" }),
        groupOf({ name: "shop-workers", service: "shop" }),
      ]),
    ]),
    "warning CONTRACT_BROKEN",
    "shop breaks the contract: there are 7 dead letters of billing-workers and mail-workers on events (7 user.created CONTRACT_VIOLATED)",
    "merp dead-letters groups events",
  ],
  [
    "a Redis that evicts",
    statusOf([], { redis: { evictionPolicy: "allkeys-lru", evictedKeys: 5 } }),
    "critical REDIS_EVICTS",
    "Redis evicts: 5 keys removed since it started (maxmemory-policy allkeys-lru), and messages, groups and dead letters may be among them",
    "redis-cli config set maxmemory-policy noeviction",
  ],
  [
    "a Redis that may evict",
    statusOf([], { address: "10.0.0.1:7000", redis: { evictionPolicy: "volatile-ttl", maxMemoryBytes: 1e9 } }),
    "warning REDIS_EVICTS",
    "Redis may evict streams and groups once its memory is full: maxmemory-policy is volatile-ttl",
    "redis-cli -h 10.0.0.1 -p 7000 config set maxmemory-policy noeviction",
  ],
  [
    "a full memory",
    statusOf([], { redis: { usedMemoryBytes: 100e6, maxMemoryBytes: 100e6, outOfMemoryErrors: 7 } }),
    "critical REDIS_FULL",
    "Redis' memory is full: 100 MB of 100 MB (100 %); 7 commands refused (OOM) since it started",
    "redis-cli config set maxmemory 144mb",
  ],
  [
    "a memory that is nearly full",
    statusOf([], { redis: { usedMemoryBytes: 91e6, maxMemoryBytes: 100e6 } }),
    "warning REDIS_FULL",
    "Redis' memory is nearly full: 91 MB of 100 MB (91 %)",
    "redis-cli config set maxmemory 144mb",
  ],
  [
    "retries that nobody takes",
    oneGroup({ ...nobody, pending: 2, parked: 2, nextDueMs: -125_000 }),
    "critical RETRY_OVERDUE",
    "retries of billing-workers on events are stuck: 2 entries parked, the first overdue for 2 min, and nobody serves the group",
    "start a process of billing",
  ],
  [
    "retries that living consumers leave alone",
    oneGroup({ pending: 2, parked: 2, nextDueMs: -125_000 }),
    "critical RETRY_OVERDUE",
    "retries of billing-workers on events are stuck: 2 entries parked, the first overdue for 2 min, and its consumers do not take them",
    "merp retry now events billing-workers",
  ],
  [
    "a service that does not report any more",
    statusOf([], { services: [serviceOf({ silentMs: 40_000, isAlive: false })] }),
    "critical SERVICE_LOST",
    "billing is lost: no report for 40 s (it did so every 10 s), and it did not say that it stops",
    "start a process of billing",
  ],
  [
    "a service that started and whose consumers are gone",
    statusOf([], { services: [serviceOf({ status: null, silentMs: null, startedMs: 3_600_000, isAlive: false })] }),
    "critical SERVICE_LOST",
    "billing is lost: it started 60 min ago, did not say that it stops, and none of its consumers lives",
    "start a process of billing",
  ],
  [
    "a service that is unhealthy",
    statusOf([], { services: [serviceOf({ status: "unhealthy", heartbeatProblem: "NOPERM" })] }),
    "critical SERVICE_UNHEALTHY",
    "billing reported unhealthy 1 s ago; its heartbeats are not confirmed: NOPERM",
    "look at the log of that service",
  ],
  [
    "a member that was overtaken",
    statusOf([], { services: [serviceOf({ overtaken: 3, overtakenLately: 1 })] }),
    "warning MEMBER_OVERTAKEN",
    "a consumer of billing was cut off or stopped for longer than its lease: 3 messages that it was handling went to another member, so these were handled twice",
    "look for pauses of that process (CPU limits, suspended machines, network), or raise CONSUMER_LEASE",
  ],
  [
    "dead letters of three causes",
    oneGroup(
      letters(
        { count: 7, reason: "ECONNREFUSED" },
        { count: 3, reason: "HANDLER_TIMEOUT", type: "user.deleted" },
        { count: 2, reason: "CONTRACT_VIOLATED" },
      ),
    ),
    "warning LETTERS_OPEN",
    "12 dead letters of 3 causes of billing-workers on events are open, the oldest for 90 s: 7 ECONNREFUSED (user.created), 3 HANDLER_TIMEOUT (user.deleted) and 2 CONTRACT_VIOLATED (user.created)",
    "merp dead-letters groups events --group billing-workers",
  ],
  [
    "a key that is no stream",
    statusOf([streamOf([], { keyType: "string" })]),
    "critical KEY_WRONG_TYPE",
    "the key events holds a string, not a stream, so nothing can be published to it",
    "redis-cli rename events '{events}:misplaced'",
  ],
  [
    "a place where nothing is",
    statusOf([streamOf([], { name: "test:events", keyType: "none" })], { environment: "test" }),
    "notice STREAMS_MISSING",
    "test:events does not exist in the environment test yet; if there should be messages, check ENVIRONMENT, REDIS_URL, REDIS_DB and the catalogue",
    undefined,
  ],
  [
    "commands that nobody reads",
    statusOf([streamOf([], { name: "commands", kind: "command" })]),
    "critical STREAM_UNREAD",
    "nobody reads commands: 10 commands and no group",
    "start the service that handles them",
  ],
  [
    "a Redis that cannot save",
    statusOf([], { redis: { lastSaveSucceeded: false, aofSucceeded: false } }),
    "critical REDIS_NOT_SAVING",
    "Redis failed to write its last snapshot and its append-only file: what it holds would be lost with it; look at its log and its disk",
    "redis-cli info persistence",
  ],
  [
    "a replica without its master",
    statusOf([], { redis: { role: "replica", masterLinkUp: false } }),
    "critical REDIS_REPLICA",
    "Redis at 127.0.0.1:6379 is a replica: services cannot publish or consume there, and its link to the master is down, so what it shows is old",
    "redis-cli info replication",
  ],
  [
    "a right that is missing",
    statusOf([], { refused: ["INFO", "XINFO|GROUPS"] }),
    "warning RIGHT_MISSING",
    "This user of Redis may not run INFO, XINFO|GROUPS, so a part of what may be wrong is not known",
    "give it the rights of the viewer in docs/security.md (ACL SETUSER)",
  ],
  [
    "what an operator has paused",
    statusOf([streamOf([groupOf({ isBehind: true, lag: 9, lagPerSecond: 4 })])], { paused: [pause] }),
    "notice GROUP_PAUSED",
    "billing-workers on events is paused by ada for 60 s (bad release), until it is resumed",
    "merp resume events billing-workers",
  ],
  [
    "a pause that has lasted long and has no end",
    statusOf([streamOf([groupOf()])], { paused: [{ ...pause, sinceMs: 3_700_000, why: null }] }),
    "warning GROUP_PAUSED",
    "billing-workers on events is paused by ada for 62 min, until it is resumed; it may be forgotten",
    "merp resume events billing-workers",
  ],
];

describe("the diagnosis of a status", () => {
  it("finds nothing where all is well", () => {
    const busy = groupOf({ lag: 3, isBehind: true, pending: 2, oldestPendingMs: 200, held: [heldOf()] });
    const idle = groupOf({ ...nobody, name: "gone-workers" });
    expect(diagnose(statusOf([streamOf([busy, idle])], { services: [serviceOf()] }))).toEqual([]);
  });

  it.each(sicknesses)("finds %s, and says first what it is and what mends it", (_, status, code, sentence, command) => {
    const [first] = diagnose(status);
    expect([`${first?.severity} ${first?.code}`, first?.sentence, first?.command]).toEqual([code, sentence, command]);
  });

  it("tells the worst first, whatever comes first in Redis", () => {
    const groups = [groupOf(letters({})), groupOf({ name: "mail-workers", ...nobody, isBehind: true, lag: null })];
    const found = diagnose(statusOf([streamOf(groups)], { paused: [pause], redis: { clockAheadMs: -5000 } }));
    expect(found.map(({ severity, code, group }) => [severity, code, group])).toEqual([
      ["critical", "GROUP_UNSERVED", "mail-workers"],
      ["warning", "LETTERS_OPEN", "billing-workers"],
      ["warning", "CLOCK_WRONG", undefined],
      ["notice", "GROUP_PAUSED", "billing-workers"],
    ]);
    expect(found[0]?.sentence).toContain("an unknown number of entries unread");
  });

  it("takes a lag that is not known for none that grows, and what is paused for none that is stuck", () => {
    const paused = { pending: 1, parked: 1, nextDueMs: -500_000, lag: 50, isBehind: true, lagPerSecond: 10 };
    const codes = diagnose(statusOf([streamOf([groupOf(paused)])], { paused: [pause] })).map(({ code }) => code);
    expect(codes).toEqual(["GROUP_PAUSED"]);
    expect(diagnose(oneGroup({ lag: null, isBehind: true, pending: 1 }))).toEqual([]);
    expect(diagnose(oneGroup({ lag: 50, isBehind: true, lagPerSecond: 10 })).map(({ code }) => code)).toEqual([
      "LAG_GROWING",
    ]);
  });

  it("finds what docs/status.md lists, and nothing else", () => {
    const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
    const codes = read("runtime/operations/diagnosis/problem.ts").matchAll(/^ {2}\| "(\w+)"/gm);
    const rows = read("docs/status.md").match(/^\| `[A-Z].*$/gm) ?? [];
    const listed = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)]);
    expect(listed.map(([, code]) => code).sort()).toEqual([...codes].map(([, code]) => code).sort());
  });

  it("judges by other limits where these are given", () => {
    const slow = oneGroup({ pending: 1, held: [heldOf({ heldMs: 500 })] });
    expect(diagnose(slow)).toEqual([]);
    expect(diagnose(oneGroup({ pending: 1, held: [heldOf({ heldMs: 300_000, failures: 1 })] }))).toEqual([]);
    expect(diagnose(slow, { heldMs: 400 })).toMatchObject([{ code: "HANDLER_SLOW" }]);
  });

  it("writes names that others chose so that no shell and no terminal obeys them", () => {
    const name = "a b'; rm -rf /\n\u001b[2J\u202e-workers";
    const hostile = statusOf([streamOf([groupOf({ ...nobody, name, service: name, isBehind: true, lag: 1 })])]);
    const [{ sentence, command }] = diagnose(hostile) as [Problem];
    const shown = "a b'; rm -rf /\\u000a\\u001b[2J\\u202e-workers";
    expect(sentence).toContain(`nobody serves ${shown} on events`);
    expect(command).toBe(`start a process of '${shown.replace("'", "'\\''")}'`);
  });

  it("names a stream as the commands take it, without the environment's prefix", () => {
    const group = groupOf({ ...letters({}), stream: "production:events" });
    const status = statusOf([streamOf([group], { name: "production:events" })], { environment: "production" });
    expect(diagnose(status)[0]).toMatchObject({
      sentence: expect.stringContaining("billing-workers on production:events"),
      command: "merp dead-letters groups events --group billing-workers",
      stream: "production:events",
    });
  });
});
