import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { Script } from "../../../../runtime/redis/lua/script.js";
import { useRedis } from "../../../support/redis.js";
import { scripts } from "../../../support/scripts.js";
import { SCRIPT_CASES } from "./script-cases.js";

const { admin } = await useRedis();

/** Of ids that a double holds, ids in the same order that differ by less than a double can tell. */
const BEYOND = 2n ** 63n;
const SHORT = /(?<![\d.-])(\d)-(\d)(?![\d.])/g;
const LONG = /(?<!\d)1-(92233720\d{11})(?!\d)/g;
const LONG_PADDED = /0{19}1(?=0?92233720)/g;
function lengthened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lengthened);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [lengthened(name) as string, lengthened(each)]),
    );
  if (typeof value !== "string") return value;
  return value
    .replaceAll(/0{19}(\d)0{19}(\d)/g, (_, ms, seq) => `${"1".padStart(20, "0")}${long(ms, seq).padStart(20, "0")}`)
    .replaceAll(SHORT, (_, ms, seq) => `1-${long(ms, seq)}`);
}
const long = (ms: string, seq: string): string => `${BEYOND + BigInt(ms) * 10n + BigInt(seq)}`;

function shortened(text: string): string {
  const short = (digits: string): string => {
    const number = BigInt(digits) - BEYOND;
    return `${number / 10n}-${number % 10n}`;
  };
  return text
    .replaceAll(LONG, (_, digits) => short(digits))
    .replaceAll(new RegExp(`${LONG_PADDED.source}0?(92233720\\d{11})`, "g"), (_, digits) => {
      const [ms = "", seq = ""] = short(digits).split("-");
      return ms.padStart(20, "0") + seq.padStart(20, "0");
    });
}

/** The client, but each id that is given to it is a long one. */
function lengthening(client: Redis): Redis {
  return new Proxy(client, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => (value as (...args: unknown[]) => unknown).apply(target, args.map(lengthened));
    },
  });
}

function textsOf(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(textsOf);
  return Buffer.isBuffer(reply) ? reply.toString() : reply;
}

/** All that Redis holds, and the reply. Due times and what is made by the clock are left out. */
async function outcome(
  script: Script<unknown>,
  client: Redis,
  given: (typeof SCRIPT_CASES)[string][number],
): Promise<string> {
  await admin.flushall();
  await given.prepare(client);
  const args = client === admin ? given.args : (lengthened(given.args) as typeof given.args);
  const reply = textsOf(await script.run(admin, given.keys, args));
  const held: unknown[] = [];
  for (const key of (await admin.keys("*")).sort()) {
    const type = await admin.type(key);
    if (type === "hash") held.push(key, await admin.hgetall(key));
    else if (type === "zset") held.push(key, await admin.zrange(key, "0", "-1"));
    else if (type === "string") held.push(key, await admin.get(key));
    else {
      held.push(key, await admin.xrange(key, "-", "+"));
      for (const group of (await admin.xinfo("GROUPS", key)) as unknown[][]) {
        held.push(
          group,
          ((await admin.xpending(key, group[1] as string, "-", "+", 100)) as unknown[][]).map((each) =>
            each.filter((_, at) => at !== 2),
          ),
        );
      }
    }
  }
  return (
    shortened(JSON.stringify([reply, held]))
      .replaceAll(/\d{13}(?:\d{2})?(?:[.-]\d+)?/g, "time")
      // For how long a member has been idle, or has held an entry.
      .replaceAll(/(\\?"\w+\\?",)\d+(?=,\d+[,\]])/g, "$1idle")
  );
}

describe.each(Object.entries(SCRIPT_CASES))("the script %s", (name, cases) => {
  it.each(cases.map((given) => [given.what, given] as const))(
    "does the same to entries whose ids no double holds: %s",
    async (_, given) => {
      const script = scripts.get(name) as Script<unknown>;
      expect(await outcome(script, lengthening(admin), given)).toBe(await outcome(script, admin, given));
    },
  );
});
