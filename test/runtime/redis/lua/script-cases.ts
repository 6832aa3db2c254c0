import type { Redis } from "ioredis";
import { paddedId } from "../../../../runtime/broker/entry-id.js";
import { indexed } from "../../../../runtime/redis/letters.js";
import { handoverMember } from "../../../../runtime/redis/lua/handover.js";

/** One call of a script, and what is in Redis before. */
export interface ScriptCase {
  readonly what: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  /** Further keys that the script makes up from its arguments. */
  readonly also?: readonly string[];
  readonly prepare: (redis: Redis) => Promise<unknown>;
}

export const CHANNEL = "channel";
const [
  EVENTS,
  RETRY,
  ERRORS,
  ALIVE,
  TYPES,
  HANDOVER,
  DEAD,
  SETTLED,
  INDEX,
  FLOOR,
  GROUPS,
  MARKS,
  RETENTION,
  TRIMMING,
  OVERSIZED,
  HELD,
  PAUSED,
] = [
  "events",
  "{events}:retry:g",
  "{events}:errors:g",
  "{events}:alive:g",
  "{events}:types:g",
  "{events}:handover:g",
  "{events}:dead",
  "{events}:dead:settled",
  "{events}:dead:index",
  "{events}:floor:g",
  "{events}:groups",
  "{events}:marks",
  "{events}:retention",
  "{events}:trimming",
  "{events}:oversized",
  "{events}:held:g",
  "{events}:paused:g",
] as const;
const [MEMBERS, PLAN, LEASE, TOPOLOGY] = [
  "{events}:members:g",
  "{events}:plan:g",
  "{events}:lease:g",
  "{events}:topology",
] as const;
const [REDRIVE, REDRIVE_OVERSIZED] = ["{events}:redrive:g", "{events}:redrive:g:oversized"];
const [ANSWER, ONCE] = ["{events}:answer:1", "{events}:once:1"];
const HANDED_OVER = [
  handoverMember({ id: "2-1", type: "mine", isSuspect: false }),
  handoverMember({ id: "3-1", type: "mine", isSuspect: true }),
] as const;

/** How a dead letter refers to an entry that is too large for it. */
const reference = (entry: string, letter: string): string => paddedId(entry) + paddedId(letter);

/** Three entries that `me` holds in group `g`, the first of which has failed before; who handles what; and heartbeats. */
async function stage(redis: Redis): Promise<void> {
  await redis.xgroup("CREATE", EVENTS, "g", "0", "MKSTREAM");
  for (const id of ["1-1", "2-1", "3-1"]) await redis.xadd(EVENTS, id, "event_type", "mine");
  await redis.xreadgroup("GROUP", "g", "me", "STREAMS", EVENTS, ">");
  await redis.hset(ERRORS, "1-1", '{"first":true}');
  await redis.hset(TYPES, "version", "v1", "me", '\n"mine"\n', "other", '\n"theirs"\n', "late", "?1");
  await redis.zadd(ALIVE, 1, "me", 2, "other", 3, "late");
}

/** The same, but entries wait under another consumer. */
async function held(redis: Redis, by: string, ids: readonly string[]): Promise<void> {
  await stage(redis);
  await redis.xclaim(EVENTS, "g", by, 0, ...ids, "JUSTID");
}

async function unread(redis: Redis): Promise<void> {
  await stage(redis);
  await redis.xadd(EVENTS, "4-1", "event_type", "mine");
}

/** Two members that share two partitions, and one that has left its plan. */
async function shared(redis: Redis): Promise<void> {
  await redis.zadd(MEMBERS, 3, "other");
  await redis.hset(PLAN, { version: "1", topology: "1", "=events": "other", "=events:9": "gone", "-gone": "1" });
}

async function parked(redis: Redis, ids: readonly string[]): Promise<void> {
  await held(redis, "parked", ids);
  await redis.zadd(RETRY, ...ids.flatMap((id) => [1, id]));
}

/** The cases of each script, by its exported name. */
export const SCRIPT_CASES: Readonly<Record<string, readonly ScriptCase[]>> = {
  member: [
    {
      what: "deals the partitions anew",
      keys: [MEMBERS, PLAN],
      args: ["beat", "me", 5, "1", 2, "events", "events:1", "events:2"],
      prepare: shared,
    },
    {
      what: "is about to leave",
      keys: [MEMBERS, PLAN],
      args: ["retire", "other", 5, "1", 1, "events"],
      prepare: shared,
    },
    { what: "expels", keys: [MEMBERS, PLAN], args: ["expel", "other", "3", "1", 1, "events"], prepare: shared },
    {
      what: "leaves as the last",
      keys: [MEMBERS, PLAN],
      args: ["leave", "me", 5, "1", 1, "events"],
      prepare: (redis) => redis.zadd(MEMBERS, 1, "me"),
    },
  ],
  acquireLease: [
    {
      what: "takes over from the dead",
      keys: [LEASE],
      args: ["me", "other", 0],
      prepare: (redis) => redis.hset(LEASE, "owner", "other", "epoch", "1", "reader", "3"),
    },
  ],
  raiseReader: [
    {
      what: "raises it",
      keys: [LEASE],
      args: ["reader", 2],
      prepare: (redis) => redis.hset(LEASE, "owner", "me", "epoch", "1", "reader", "1"),
    },
  ],
  serve: [
    {
      what: "serves",
      keys: [LEASE, FLOOR, ALIVE],
      args: ["me", 30_000],
      prepare: async (redis) => {
        await redis.hset(LEASE, "owner", "me", "epoch", "1");
        await redis.hset(FLOOR, "served", "1000000000000");
        await redis.zadd(ALIVE, 1_000_000_000_000, "me");
      },
    },
  ],
  releaseLease: [
    {
      what: "frees it",
      keys: [LEASE],
      args: ["1"],
      prepare: (redis) => redis.hset(LEASE, "owner", "me", "epoch", "1"),
    },
  ],
  readOwned: [
    { what: "delivers what is new", keys: [EVENTS, FLOOR], args: ["g", "me", 10, 1000, 1000, 0], prepare: unread },
    { what: "finds nothing new", keys: [EVENTS, FLOOR], args: ["g", "me", 10, 1000, 1000, 0], prepare: stage },
  ],
  isRecorded: [
    {
      what: "compares what is there",
      keys: [TYPES],
      args: ["version", "1", "me", "\na\n"],
      prepare: (redis) => redis.hset(TYPES, "version", "1", "me", "\na\n"),
    },
  ],
  beats: [
    {
      what: "reads those that are there",
      keys: [ALIVE],
      args: [10, "me"],
      prepare: (redis) => redis.zadd(ALIVE, 1, "me"),
    },
  ],
  dropForeignBeats: [
    {
      what: "removes what no member can have written",
      keys: [ALIVE],
      args: [10],
      prepare: (redis) => redis.zadd(ALIVE, 1, "me", 2, "x".repeat(1001)),
    },
  ],
  shortFields: [
    {
      what: "reads what is there",
      keys: [LEASE],
      args: ["owner", "epoch", "reader"],
      prepare: (redis) => redis.hset(LEASE, "owner", "me", "epoch", "1"),
    },
  ],
  recordTopology: [
    {
      what: "writes another",
      keys: [TOPOLOGY],
      args: ["1", "version", "2", "streams", "[]"],
      prepare: (redis) => redis.hset(TOPOLOGY, "version", "1"),
    },
  ],
  beat: [
    {
      what: "beats",
      keys: [ALIVE, FLOOR],
      args: [5, "me", 15_000],
      prepare: async (redis) => {
        await stage(redis);
        await redis.hset(FLOOR, "served", 1_000_000_000_000);
      },
    },
  ],
  transfer: [
    {
      what: "adds what is not recorded",
      keys: [EVENTS, RETENTION, ONCE, "{events}:once:2"],
      args: [60_000, 2, "a", "1", 2, "a", "2"],
      prepare: stage,
    },
    {
      what: "finds that the recorded entry went with its stream",
      keys: [EVENTS, RETENTION, ONCE],
      args: [60_000, 2, "a", "1"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.set(ONCE, "1-0", "PX", 1000);
      },
    },
  ],
  append: [
    { what: "adds a batch", keys: [EVENTS], args: ["so", 2, "a", "b", "shared", "1", "2"], prepare: stage },
    { what: "adds to no stream", keys: [EVENTS], args: ["o", 2, "a", "1", "2"], prepare: async () => {} },
  ],
  appendAlone: [
    {
      what: "records and announces",
      keys: [EVENTS, ONCE, RETENTION],
      args: [60_000, CHANNEL, '{"a":1}', "a", "1"],
      prepare: stage,
    },
    {
      what: "finds that the recorded entry went with its stream",
      keys: [EVENTS, ONCE, RETENTION],
      args: [60_000, CHANNEL, '{"a":1}', "a", "1"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.set(ONCE, "1-0", "PX", 1000);
      },
    },
    { what: "announces", keys: [EVENTS], args: ["", CHANNEL, '{"a":1}', "a", "1"], prepare: stage },
    { what: "records", keys: [EVENTS, ONCE, RETENTION], args: [60_000, "", "", "a", "1"], prepare: stage },
  ],
  answer: [
    {
      what: "acknowledges",
      keys: [ANSWER, FLOOR, EVENTS, ERRORS],
      args: ["text", 60_000, CHANNEL, "g", "1-1", "1-1"],
      prepare: stage,
    },
    {
      what: "acknowledges if the types are still the same",
      keys: [ANSWER, FLOOR, EVENTS, ERRORS, TYPES],
      args: ["text", 60_000, CHANNEL, "g", "1-1", "1-1", "v1"],
      prepare: stage,
    },
    {
      what: "leaves the stored one as it is",
      keys: [ANSWER, FLOOR],
      args: ["text", 0, CHANNEL, "g", "", "1-1"],
      prepare: stage,
    },
    { what: "answers only", keys: [ANSWER, FLOOR], args: ["text", 60_000, CHANNEL, "g", "", "1-1"], prepare: stage },
  ],
  raise: [
    {
      what: "raises the ids of a stream that has lost its end",
      keys: [EVENTS, "{events}:once:lost"],
      args: ["99-1", 60_000, 60_000],
      prepare: stage,
    },
    {
      what: "finds that another process has raised them",
      keys: [EVENTS, "{events}:once:lost"],
      args: ["3-0", 60_000, 60_000],
      prepare: async (redis) => {
        await stage(redis);
        await redis.set("{events}:once:lost", "2-0 5-0");
      },
    },
  ],
  extent: [{ what: "tells it", keys: [EVENTS], args: [], prepare: stage }],
  answered: [
    { what: "finds none", keys: [ANSWER], args: [1, 100], prepare: stage },
    {
      what: "finds one",
      keys: [ANSWER],
      args: [1, 100],
      prepare: async (redis) => {
        await redis.set(ANSWER, "text");
      },
    },
  ],
  ensureGroup: [
    {
      what: "creates a lost group at its position",
      keys: [EVENTS, FLOOR, GROUPS, RETRY, ERRORS, HANDOVER, MARKS, RETENTION, HELD],
      args: ["g", "0", 1000],
      prepare: async (redis) => {
        await parked(redis, ["1-1"]);
        await redis.zadd(HANDOVER, 0, "left");
        await redis.xgroup("DESTROY", EVENTS, "g");
        await redis.hset(FLOOR, { position: "1-1", added: 3, missing: 1 });
        await redis.zadd(MARKS, 1, "1-1");
        await redis.hset(RETENTION, "gone", 0);
      },
    },
    {
      what: "creates a stream anew",
      keys: [EVENTS, FLOOR, GROUPS, RETRY, ERRORS, HANDOVER, MARKS, RETENTION, HELD],
      args: ["g", "$", 1000],
      prepare: async (redis) => {
        await redis.hset(FLOOR, { position: "1-1", added: 3 });
        await redis.zadd(MARKS, 1, "1-1");
        await redis.hset(RETENTION, "gone", 0);
        await redis.zadd(RETRY, 1, "1-1");
        await redis.hset(ERRORS, "1-1", "{}");
        await redis.zadd(HANDOVER, 0, "left");
      },
    },
  ],
  leave: [
    {
      what: "gives back, also what was dropped with its name",
      keys: [EVENTS, RETRY, ALIVE, TYPES, ERRORS],
      args: ["g", "me", "v2", "kept", "{}", 1, 1, "2-1", "3-1", "1-1"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "1-1", "3-1");
        await redis.zadd(RETRY, 1, "1-1");
      },
    },
    {
      what: "leaves nothing behind as the last",
      keys: [EVENTS, RETRY, ALIVE, TYPES, ERRORS],
      args: ["g", "me", "v2", "", "{}", 0, 0],
      prepare: async (redis) => {
        await stage(redis);
        await redis.hset(TYPES, "other", 'left\n"theirs"\n');
        await redis.hdel(TYPES, "late");
      },
    },
  ],
  enrol: [
    { what: "changes its types", keys: [TYPES, ALIVE], args: ["me", '\n"new"\n', "v2", 15_000, ""], prepare: stage },
    {
      what: "begins anew",
      keys: [TYPES, ALIVE],
      args: ["me", '\n"new"\n', "v2", 15_000, "again"],
      prepare: (redis) => redis.zadd(ALIVE, 1, "me", 2, "other"),
    },
  ],
  settleUnhandled: [
    {
      what: "acknowledges and hands over",
      keys: [EVENTS, ERRORS, TYPES, HANDOVER],
      args: ["g", "me", "v1", 1, 1, "1-1", "2-1", "3-1", "member"],
      prepare: stage,
    },
  ],
  takeHandedOver: [
    {
      what: "takes both kinds",
      keys: [EVENTS, ERRORS, TYPES, HANDOVER],
      args: ["g", "me", 10, 10, 1000, 1000],
      prepare: async (redis) => {
        await held(redis, "handover", ["2-1", "3-1"]);
        await redis.zadd(HANDOVER, ...HANDED_OVER.flatMap((member) => [0, member]), 0, "broken");
      },
    },
    {
      what: "restores what was dropped with the name of its owner",
      keys: [EVENTS, ERRORS, TYPES, HANDOVER],
      args: ["g", "me", 10, 10, 1000, 1000],
      prepare: async (redis) => {
        await held(redis, "handover", ["2-1", "3-1"]);
        await redis.zadd(HANDOVER, ...HANDED_OVER.flatMap((member) => [0, member]));
        await redis.xgroup("DELCONSUMER", EVENTS, "g", "handover");
      },
    },
  ],
  park: [
    {
      what: "parks",
      keys: [EVENTS, RETRY, ERRORS],
      args: ["g", "me", "1-1", 5000, "{}", 2, ""],
      prepare: stage,
    },
    {
      what: "parks what does not count",
      keys: [EVENTS, RETRY, ERRORS],
      args: ["g", "me", "1-1", 5000, "", 0, ""],
      prepare: stage,
    },
    {
      what: "restores what was dropped, and leaves the entry to its consumer",
      keys: [EVENTS, RETRY, ERRORS],
      args: ["g", "me", "1-1", "", "{}", 2, "kept"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "1-1", "2-1");
        await redis.zadd(RETRY, 1, "2-1");
      },
    },
  ],
  release: [
    {
      what: "takes one and drops two, and one of a paused type waits",
      keys: [EVENTS, RETRY, ERRORS, TYPES, HANDOVER, HELD, PAUSED],
      args: ["g", "me", 10, 1000, 1000, 0],
      prepare: async (redis) => {
        await parked(redis, ["1-1", "2-1"]);
        await redis.xdel(EVENTS, "2-1");
        await redis.xclaim(EVENTS, "g", "parked", 0, "3-1", "JUSTID");
        await redis.zadd(RETRY, 1, "0-1", 1, "3-1");
        await redis.hset(ERRORS, "0-1", "{}", "2-1", "{}");
        await redis.hset(HELD, "1-1", "mine", "3-1", "theirs");
        await redis.hset(PAUSED, "type:theirs", "0 1 {}", "heeds:gone", 1);
      },
    },
    {
      what: "restores what was dropped with the name of its owner",
      keys: [EVENTS, RETRY, ERRORS, TYPES, HANDOVER, HELD, PAUSED],
      args: ["g", "me", 10, 1000, 1000, 0],
      prepare: async (redis) => {
        await parked(redis, ["1-1", "2-1"]);
        await redis.xgroup("DELCONSUMER", EVENTS, "g", "parked");
      },
    },
  ],
  sweep: [
    {
      what: "finds a lost due time and one that is not possible",
      keys: [EVENTS, RETRY, HELD, PAUSED],
      args: ["g", "-", 500],
      prepare: async (redis) => {
        await held(redis, "parked", ["1-1", "2-1"]);
        await redis.zadd(RETRY, Date.now() + 2 * 3_600_000, "2-1");
      },
    },
  ],
  pause: [
    {
      what: "pauses a type beside the group",
      keys: [PAUSED],
      args: ["type:mine", "", 60_000, '{"by":"me"}', 1e12],
      prepare: (redis) => redis.hset(PAUSED, "group", "0 1 {}"),
    },
    {
      what: "pauses until then",
      keys: [PAUSED],
      args: ["group", "", 60_000, '{"by":"me"}', 1e12],
      prepare: (redis) => redis.hset(PAUSED, "type:mine", "1 1 {}"),
    },
  ],
  resume: [
    {
      what: "resumes a type",
      keys: [PAUSED],
      args: ["type:mine"],
      prepare: (redis) => redis.hset(PAUSED, "group", "0 1 {}", "type:mine", "0 1 {}"),
    },
    {
      what: "resumes all",
      keys: [PAUSED],
      args: [""],
      prepare: (redis) => redis.hset(PAUSED, "group", "0 1 {}", "heeds:me", "1"),
    },
  ],
  recall: [
    {
      what: "makes them due",
      keys: [RETRY, HELD, PAUSED],
      args: ["0", 500],
      prepare: async (redis) => {
        await parked(redis, ["1-1", "2-1", "3-1"]);
        await redis.hset(HELD, "1-1", "mine", "2-1", "theirs", "9-1", "mine", "broken", "mine");
        await redis.hset(PAUSED, "type:theirs", "0 1 {}");
      },
    },
  ],
  setAside: [
    {
      what: "parks them, also one that was dropped, and forgets one that is gone",
      keys: [EVENTS, RETRY, ERRORS, HELD, PAUSED],
      args: ["g", "me", "1-1", "mine", "", "2-1", "theirs", "kept", "3-1", "mine", ""],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "2-1");
        await redis.xdel(EVENTS, "3-1");
        await redis.hset(ERRORS, "3-1", "{}");
        await redis.hset(PAUSED, "type:mine", "0 1 {}");
      },
    },
  ],
  retryNow: [
    {
      what: "makes those of a type due",
      keys: [EVENTS, RETRY, HELD, PAUSED],
      args: ["g", "mine", "", "0", 500],
      prepare: async (redis) => {
        await parked(redis, ["1-1", "2-1", "3-1"]);
        await redis.zadd(RETRY, Date.now() + 60_000, "1-1", Date.now() + 60_000, "2-1", "inf", "9-1");
        await redis.hset(HELD, "2-1", "mine");
        await redis.hset(PAUSED, "type:mine", "0 1 {}");
      },
    },
    {
      what: "makes one due",
      keys: [EVENTS, RETRY, HELD, PAUSED],
      args: ["g", "", "1-1", "0", 500],
      prepare: async (redis) => {
        await parked(redis, ["1-1"]);
        await redis.zadd(RETRY, Date.now() + 60_000, "1-1");
      },
    },
  ],
  countHeldRetries: [
    {
      what: "counts what failed as often as it was delivered",
      keys: [EVENTS, ERRORS, PAUSED],
      args: ["g", "mine", "", "0", 500],
      prepare: async (redis) => {
        await stage(redis);
        await redis.hset(ERRORS, "1-1", "{}", "2-1", "{}", "9-1", "{}");
        await redis.hset(PAUSED, "type:other", "0 1 {}");
      },
    },
  ],
  callForRetries: [
    {
      what: "calls, and forgets what was called for long ago",
      keys: [PAUSED],
      args: ["now:"],
      prepare: async (redis) => {
        await redis.hset(PAUSED, "now:id:1-1", "1", "now:", "7", "heeds:me", "1");
      },
    },
  ],
  retire: [
    {
      what: "removes a group with all that it has not handled",
      keys: [EVENTS, FLOOR, ALIVE, GROUPS, INDEX, REDRIVE, REDRIVE_OVERSIZED],
      args: ["g", "{events}:", "{events}:redrive:g:", 0, "forced", "discard"],
      also: ["{events}:*:g", "{events}:redrive:g:*"],
      prepare: async (redis) => {
        await parked(redis, ["1-1"]);
        await redis.hset(PAUSED, "group", "0 1 {}");
        await redis.hset(FLOOR, "served", 1);
        await redis.zadd(GROUPS, 1, "g");
        await redis.zadd(INDEX, 0, indexed("g", "open", "1-1"));
        await redis.xgroup("CREATE", REDRIVE, "g", "0", "MKSTREAM");
        await redis.zadd(REDRIVE_OVERSIZED, 0, reference("1-1", "1-1"));
        await redis.hset("{events}:redrive:g:errors", "1-1", "{}");
      },
    },
    {
      what: "names who lives",
      keys: [EVENTS, FLOOR, ALIVE, GROUPS, INDEX, REDRIVE, REDRIVE_OVERSIZED],
      args: ["g", "{events}:", "{events}:redrive:g:", 15_000, "forced", "discard"],
      also: ["{events}:*:g", "{events}:redrive:g:*"],
      prepare: stage,
    },
  ],
  discardLetters: [
    {
      what: "marks them",
      keys: [SETTLED, INDEX],
      args: ["g", '{"state":"discarded"}', 100],
      prepare: (redis) =>
        redis.zadd(INDEX, 0, indexed("g", "open", "1-1"), 0, indexed("h", "open", "2-1"), 0, "g\nojunk"),
    },
  ],
  sweepRetries: [
    {
      what: "forgets what was acknowledged by hand, and leaves what is parked or was taken",
      keys: [EVENTS, RETRY, ERRORS, HELD],
      args: ["g", "0", 500],
      prepare: async (redis) => {
        await parked(redis, ["1-1"]);
        await redis.zadd(RETRY, 1e15, "0-2", 1e15, "2-1", 1, "broken");
        await redis.hset(ERRORS, "0-2", "{}", "1-1", "{}", "2-1", "{}");
        await redis.hset(HELD, "0-2", "mine");
      },
    },
  ],
  sweepErrors: [
    {
      what: "forgets what is not pending",
      keys: [EVENTS, RETRY, ERRORS, HANDOVER],
      args: ["g", "0", 500],
      prepare: async (redis) => {
        await parked(redis, ["1-1"]);
        await redis.zadd(RETRY, 1, "0-2");
        await redis.hset(ERRORS, "0-1", "{}", "0-2", "{}", "broken", "{}");
      },
    },
  ],
  sweepHandover: [
    {
      what: "parks what waits",
      keys: [EVENTS, RETRY, HANDOVER, ERRORS],
      args: ["g", 500],
      prepare: async (redis) => {
        await held(redis, "handover", ["2-1", "3-1"]);
        await redis.zadd(HANDOVER, 0, "left");
      },
    },
  ],
  acknowledge: [{ what: "acknowledges", keys: [EVENTS, ERRORS], args: ["g", 1, "1-1", "2-1"], prepare: stage }],
  bury: [
    {
      what: "buries",
      keys: [EVENTS, DEAD, RETRY, ERRORS, INDEX, OVERSIZED],
      args: ["g", "me", "1-1", "{}", 2, "", "", "", "reason", "E_TEST"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.zadd(RETRY, 1, "1-1");
      },
    },
    {
      what: "leaves an entry that is too large where it is",
      keys: [EVENTS, DEAD, RETRY, ERRORS, INDEX, OVERSIZED],
      args: ["g", "me", "1-1", "{}", 2, "", "", 5_000_000, "reason", "E_TEST"],
      prepare: stage,
    },
  ],
  boundDead: [
    {
      what: "removes what is settled, then what is old",
      keys: [DEAD, SETTLED, INDEX, TRIMMING],
      args: [60_000, 1, 100, ""],
      prepare: async (redis) => {
        for (const id of ["1-1", "2-1", "3-1"]) await redis.xadd(DEAD, id, "group", "g");
        await redis.hset(SETTLED, "2-1", "{}");
        const members = [indexed("g", "open", "1-1"), indexed("g", "settled", "2-1"), indexed("g", "open", "3-1")];
        await redis.zadd(INDEX, ...members.flatMap((member) => [0, member]));
      },
    },
    {
      what: "makes a lost index anew",
      keys: [DEAD, SETTLED, INDEX, TRIMMING],
      args: [60_000, 1, 100, ""],
      prepare: async (redis) => {
        for (const id of ["1-1", "2-1"]) await redis.xadd(DEAD, id, "group", "g");
        await redis.hset(SETTLED, "2-1", "{}");
        await redis.zadd(INDEX, 0, "junk");
      },
    },
    {
      what: "goes on making it, and forgets what is settled and gone",
      keys: [DEAD, SETTLED, INDEX, TRIMMING],
      args: [1e13, 1, 100, "2-1"],
      prepare: async (redis) => {
        for (const id of ["1-1", "2-1"]) await redis.xadd(DEAD, id, "group", "g");
        await redis.hset(SETTLED, "0-1", "{}");
        await redis.zadd(INDEX, 0, indexed("g", "open", "1-1"), 0, indexed("g", "open", "2-1"));
      },
    },
    {
      what: "forgets what is known of letters that are gone",
      keys: [DEAD, SETTLED, INDEX, TRIMMING],
      args: [60_000, 1, 100, ""],
      prepare: async (redis) => {
        await redis.hset(SETTLED, "2-1", "{}");
        await redis.zadd(INDEX, 0, indexed("g", "open", "1-1"));
      },
    },
  ],
  readSome: [
    {
      what: "delivers some of them",
      keys: [EVENTS],
      args: ["g", "other", 10, 20, 1000],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xgroup("SETID", EVENTS, "g", "1-1");
      },
    },
  ],
  page: [{ what: "reads them", keys: [EVENTS], args: ["-", "+", 2, 1000, 1000, ""], prepare: stage }],
  seenExtent: [{ what: "tells it", keys: [EVENTS], args: [], prepare: stage }],
  streamLook: [{ what: "tells it", keys: [EVENTS], args: [], prepare: stage }],
  typesLook: [{ what: "tells them", keys: [TYPES], args: [10, 1000], prepare: stage }],
  pausesLook: [{ what: "tells them", keys: [PAUSED], args: [10, 1000], prepare: stage }],
  membersLook: [{ what: "tells of them", keys: [EVENTS, ALIVE], args: ["g", 10, 1000], prepare: stage }],
  groupLook: [
    {
      what: "tells all of a group",
      keys: [EVENTS, ALIVE, FLOOR, RETRY, HANDOVER, TYPES, PAUSED, REDRIVE],
      args: ["g", 10, 5, 10, 1, 1000, 1000, 1000],
      prepare: async (redis) => {
        await stage(redis);
        await redis.hset(PAUSED, "group", "0");
      },
    },
  ],
  heldLook: [
    { what: "tells what they hold", keys: [EVENTS, ERRORS], args: ["g", 5, 0, 1, 1000, "me"], prepare: stage },
  ],
  lettersLook: [
    {
      what: "tells of them",
      keys: [INDEX, DEAD],
      args: [10, 10, 1000],
      prepare: async (redis) => {
        const id = (await redis.xadd(DEAD, "*", "group", "g", "reason", "E", "original", "")) as string;
        await redis.zadd(INDEX, 0, indexed("g", "open", id));
      },
    },
  ],
  heads: [
    {
      what: "reads them",
      keys: [DEAD, SETTLED],
      args: ["-", "+", 10, 1000, "", 1000, "group", "errors"],
      prepare: async (redis) => {
        const id = (await redis.xadd(DEAD, "*", "group", "g", "errors", '[{"at":"1"}]', "original", "")) as string;
        await redis.hset(SETTLED, id, "settled");
      },
    },
  ],
  marks: [{ what: "reads them", keys: [ERRORS], args: [1000, "1-0"], prepare: stage }],
  reap: [
    {
      what: "takes over and removes the name",
      keys: [EVENTS, ALIVE, TYPES, ERRORS],
      args: ["g", "me", "other", "2", 10, "v2", 1000, 1000],
      prepare: (redis) => held(redis, "other", ["2-1", "3-1"]),
    },
  ],
  fetch: [
    {
      what: "counts, restores and drops",
      keys: [EVENTS, ERRORS],
      args: ["g", "me", 1000, 1000, "1-1", 2, "", "2-1", 0, "kept", "3-1", 2, ""],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "2-1");
        await redis.xdel(EVENTS, "3-1");
        await redis.hset(ERRORS, "3-1", "{}");
      },
    },
  ],
  trim: [
    {
      what: "keeps what is pending, however few entries may stay",
      keys: [EVENTS, TRIMMING, MARKS, RETENTION, GROUPS, OVERSIZED],
      args: ["{events}:", ":", 60_000, 1, 1000, 60_000, ""],
      also: ["{events}:floor:*", "{events}:*:g"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "1-1");
        await redis.hset(FLOOR, { position: "1-0", served: Date.now() });
        await redis.zadd(GROUPS, Date.now(), "g");
        await redis.zadd(MARKS, 1, "1-1");
      },
    },
    {
      what: "trims, expires a group and forgets another",
      keys: [EVENTS, TRIMMING, MARKS, RETENTION, GROUPS, OVERSIZED],
      args: ["{events}:", ":", 60_000, 1, 1000, 60_000, "expire-group"],
      also: ["{events}:floor:*", "{events}:*:g", "{events}:*:lost"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xgroup("DELCONSUMER", EVENTS, "g", "me");
        await redis.hset(FLOOR, { position: "1-1", served: 1 });
        await redis.hset("{events}:floor:lost", { position: "1-1", served: 1 });
        await redis.hset("{events}:errors:lost", "1-1", "{}");
        await redis.zadd(GROUPS, 1, "lost", 1, "g");
        await redis.zadd(MARKS, 1, "1-1");
        await redis.xgroup("CREATE", EVENTS, "living", "2-1");
        await redis.xgroup("CREATECONSUMER", EVENTS, "living", "me");
      },
    },
    {
      what: "forgets a stream that is gone",
      keys: [EVENTS, TRIMMING, MARKS, RETENTION, GROUPS, OVERSIZED],
      args: ["{events}:", ":", 60_000, 1, 1000, 60_000, ""],
      also: ["{events}:floor:*", "{events}:*:g"],
      prepare: async (redis) => {
        await redis.hset(FLOOR, { position: "1-1", served: 1 });
        await redis.hset(ERRORS, "1-1", "{}");
        await redis.zadd(GROUPS, 1, "g");
        await redis.zadd(MARKS, 1, "1-1");
        await redis.hset(RETENTION, "gone", 0);
        await redis.zadd(OVERSIZED, 0, reference("1-1", "7-1"));
      },
    },
    {
      what: "removes nothing where letters refer to entries",
      keys: [EVENTS, TRIMMING, MARKS, RETENTION, GROUPS, OVERSIZED],
      args: ["{events}:", ":", 60_000, 1, 1000, 60_000, "expire-group"],
      also: ["{events}:floor:*", "{events}:*:g"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xgroup("DELCONSUMER", EVENTS, "g", "me");
        await redis.hset(FLOOR, { position: "1-1", served: 1 });
        await redis.zadd(GROUPS, 1, "g");
        await redis.zadd(OVERSIZED, 0, reference("1-1", "7-1"));
      },
    },
  ],
  trimAround: [
    {
      what: "removes what is around entries that letters refer to, and those of settled letters",
      keys: [EVENTS, OVERSIZED, DEAD, SETTLED, RETENTION],
      args: ["4-0", "", "", "-"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "1-1", "2-1", "3-1");
        await redis.xadd(DEAD, "7-1", "group", "g");
        await redis.xadd(DEAD, "8-1", "group", "g");
        await redis.hset(SETTLED, "8-1", "{}");
        await redis.hset(RETENTION, "gone", 0);
        const references = [reference("1-1", "7-1"), reference("2-1", "8-1"), "junk"];
        await redis.zadd(OVERSIZED, ...references.flatMap((member) => [0, member]), 1, reference("3-1", "7-1"));
      },
    },
    {
      what: "removes so many",
      keys: [EVENTS, OVERSIZED, DEAD, SETTLED, RETENTION],
      args: ["4-0", 1, "", "-"],
      prepare: async (redis) => {
        await stage(redis);
        await redis.xack(EVENTS, "g", "1-1", "2-1", "3-1");
        await redis.xadd(DEAD, "7-1", "group", "g");
        await redis.hset(RETENTION, "gone", 0);
        await redis.zadd(OVERSIZED, 0, reference("1-1", "7-1"));
      },
    },
  ],
};
