import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fenced, ownershipOf } from "../../../../runtime/redis/fenced.js";
import { leaseKey } from "../../../../runtime/redis/keys.js";
import type { Script } from "../../../../runtime/redis/lua/script.js";
import { type RedisServer, startRedis } from "../../../../runtime/testing/redis/index.js";
import { scripts } from "../../../support/scripts.js";
import { CHANNEL, SCRIPT_CASES, type ScriptCase } from "./script-cases.js";

let server: RedisServer;
let admin: Redis;
let user: Redis;
let ear: Redis;
let commands: ReadonlySet<string>;
const heard: string[] = [];

beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
  ear = new Redis(server.url);
  await allow("on", ">right");
  user = new Redis(server.url.replace("//", "//limited:right@"));
  await ear.subscribe(CHANNEL);
  ear.on("message", (_, text) => heard.push(text));
  commands = new Set((await admin.call("COMMAND", "LIST")) as string[]);
});
afterAll(async () => {
  for (const client of [admin, user, ear]) client.disconnect();
  await server.stop();
});

/** Gives the user every right, but for what the rules say. */
function allow(...rules: string[]): Promise<unknown> {
  return admin.acl("SETUSER", "limited", "+@all", "allkeys", "allchannels", ...rules);
}

/** Lists every key with what it holds. */
const CONTENTS = `
local all = {}
local function add(key, value) all[#all + 1] = { key, value } end
local function sorted(list) table.sort(list, function(a, b) return a[1] < b[1] end) return list end
for _, key in ipairs(redis.call('KEYS', '*')) do
  local type = redis.call('TYPE', key).ok
  if type == 'stream' then
    add(key, redis.call('XRANGE', key, '-', '+'))
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
      local name = key .. ' ' .. group[2]
      add(name, group)
      for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', key, group[2])) do add(name .. ' ' .. consumer[2], '') end
      for _, entry in ipairs(redis.call('XPENDING', key, group[2], '-', '+', 100)) do
        add(name .. ' ' .. entry[1], { entry[2], entry[4] })
      end
    end
  elseif type == 'zset' then
    add(key, redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'))
  elseif type == 'hash' then
    local fields = redis.call('HGETALL', key)
    for i = 1, #fields, 2 do add(key .. ' ' .. fields[i], fields[i + 1]) end
  else
    add(key, { redis.call('GET', key), redis.call('PTTL', key) > 0 and 1 or 0 })
  end
end
return sorted(all)`;

type State = readonly (readonly [key: string, value: unknown])[];

/** All that Redis holds and has announced. Times, and ids that it made by its clock, are left out. */
async function state(): Promise<State> {
  const [all] = await Promise.all([admin.eval(CONTENTS, 0), ear.ping()]);
  const seen = [...(all as State), ["heard", [...heard]]];
  return JSON.parse(JSON.stringify(seen).replaceAll(/\d{13,15}([.-]\d+)?/g, "time")) as State;
}

function without(key: string | undefined, seen: State): State {
  return seen.filter(([each]) => each.split(" ")[0] !== key);
}

/** Fills Redis with what a case needs. Returns a function that does it again. */
async function prepare({ prepare: fill }: ScriptCase): Promise<() => Promise<void>> {
  await admin.flushall();
  await fill(admin);
  const keys = await admin.keys("*");
  const dumps = await Promise.all(keys.map((key) => admin.dumpBuffer(key)));
  return async () => {
    const filling = admin.pipeline().flushall();
    for (const [at, key] of keys.entries()) filling.restore(key, 0, dumps[at] as Buffer);
    await filling.exec();
    heard.length = 0;
  };
}

/** Resolves to the error with which Redis refuses the script. */
async function refusal(script: Script<unknown>, { keys, args }: ScriptCase): Promise<unknown> {
  try {
    const reply = await script.run(user, keys, args);
    return Array.isArray(reply) ? reply.find((each) => each instanceof Error) : undefined;
  } catch (error) {
    return error;
  }
}

interface Fault {
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  /** A key whose content is part of the fault. */
  readonly leaveOut?: string;
}

/** Runs a script under faults: it is done as a whole, or it is refused as a whole and done when the fault is over. */
async function expectWhole(script: Script<unknown>, given: ScriptCase, faults: readonly Fault[]): Promise<void> {
  const again = await prepare(given);
  await again();
  const before = await state();
  expect(await refusal(script, given)).toBeUndefined();
  const done = await state();
  for (const { begin, end, leaveOut } of faults) {
    await again();
    await begin();
    const error = await refusal(script, given);
    const under = await state();
    await end();
    expect(without(leaveOut, under)).toEqual(without(leaveOut, error === undefined ? done : before));
    if (error === undefined) continue;
    expect(await refusal(script, given)).toBeUndefined();
    expect(await state()).toEqual(done);
  }
}

it("every script has a case here", () => {
  expect([...scripts.keys()].sort()).toEqual(Object.keys(SCRIPT_CASES).sort());
});

const all = Object.entries(SCRIPT_CASES).flatMap(([name, list]) =>
  list.map((given) => ({ name, given, title: `${name}, which ${given.what}` })),
);
describe.each(all)("the script $title", ({ name, given }) => {
  const script = scripts.get(name) as Script<unknown>;

  it("is done as a whole or not at all without the right to one of its commands", async () => {
    const words = new Set([...script.lua.matchAll(/'([A-Z]+)'/g)].map(([, word = ""]) => word.toLowerCase()));
    const used = [...words].filter((word) => commands.has(word));
    expect(used.length).toBeGreaterThan(0);
    const faults = used.map((command) => ({ begin: () => allow(`-${command}`), end: () => allow() }));
    await expectWhole(script, given, faults);
  });

  it("is done as a whole or not at all without the right to one of its keys, to write to it, or to channels", async () => {
    const rules = given.keys.flatMap((key) => {
      const others = [...given.keys.filter((each) => each !== key), ...(given.also ?? [])].map((each) => `~${each}`);
      return [[], [`%R~${key}`]].map((right) => ["resetkeys", ...others, ...right]);
    });
    const faults = [...rules, ["resetchannels"]].map((rule) => ({ begin: () => allow(...rule), end: () => allow() }));
    await expectWhole(script, given, faults);
  });

  it("is done as a whole or not at all when one of its keys has another type", async () => {
    const faults = given.keys.map((key) => {
      let kept: Buffer | null = null;
      const begin = async (): Promise<void> => {
        kept = await admin.dumpBuffer(key);
        await admin.del(key);
        await (/:(once|answer|trimming)/.test(key) ? admin.hset(key, "other", 1) : admin.set(key, "other"));
      };
      const end = async (): Promise<void> => {
        await admin.del(key);
        if (kept !== null) await admin.restore(key, 0, kept);
      };
      // What is deleted or replaced in any case may be anything.
      return { begin, end, leaveOut: key };
    });
    await expectWhole(script, given, faults);
  });

  it.skipIf(script.digest !== undefined)(
    "does nothing for whoever owned the partition before, and for its owner all",
    async () => {
      const again = await prepare(given);
      const link = { client: admin, ready: async () => admin, ask: () => Promise.reject(new Error("not asked")) };
      const owner = fenced(link, ownershipOf({ partition: "events", epoch: 5 }, "h", false));
      const hold = (epoch: number): Promise<unknown> =>
        admin.hset(leaseKey("events", "h"), "owner", "me", "epoch", epoch);
      await again();
      await script.run(admin, given.keys, given.args);
      await hold(5);
      const done = await state();
      await again();
      await hold(5);
      await script.run(owner.client, given.keys, given.args);
      expect(await state()).toEqual(done);
      await again();
      await hold(6);
      const before = await state();
      await expect(script.run(owner.client, given.keys, given.args)).rejects.toThrow(/^FENCED/);
      expect(await state()).toEqual(before);
    },
  );

  it("is done as a whole or not at all when Redis has no memory left", async () => {
    const begin = () => admin.config("SET", "maxmemory", "1");
    await expectWhole(script, given, [{ begin, end: () => admin.config("SET", "maxmemory", "0") }]);
  });
});
