import { afterEach, expect, it } from "vitest";
import { type DeadLetterSummary, Operations } from "../../../runtime/operations/index.js";
import { readHeads } from "../../../runtime/redis/letter-heads.js";
import { openLetters } from "../../../runtime/redis/letters.js";
import { all } from "../../conformance/cast.js";
import { fillLetters } from "../../support/letters.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const keys = { dead: "{events}:dead", settled: "{events}:dead:settled", index: "{events}:dead:index" };
const operations = (): Operations => new Operations({ env: {}, redis: { url: redis.url } });

/** What Redis was asked since, by command, and how many bytes it has sent. */
async function asked(): Promise<{ calls: (command: string) => number; sent: number }> {
  const [commands, stats] = [await admin.info("commandstats"), await admin.info("stats")];
  const calls = (command: string): number =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(commands)?.[1] ?? 0);
  return { calls, sent: Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]) };
}

it("letters are counted by cause in few commands and without their entries, however large those are", async () => {
  await using operator = operations();
  await fillLetters(admin, 1200, { causes: 5, entryBytes: 10_000 });
  await operator.deadLetters.causes("events");
  await admin.config("RESETSTAT");
  const { letters, causes, others } = await operator.deadLetters.causes("events");
  expect([letters, others, causes.map(({ count }) => count)]).toEqual([1200, 0, [240, 240, 240, 240, 240]]);
  const { calls, sent } = await asked();
  // Pages of two megabytes: some 170 letters. The entries alone are twelve megabytes.
  expect(calls("evalsha_ro")).toBeLessThan(20);
  expect(sent).toBeLessThan(1200 * 1000);
});

it("no page of heads looks at more than some megabytes, and each looks at one letter", async () => {
  await fillLetters(admin, 6, { causes: 1, entryBytes: 1_500_000 });
  const sizes: number[] = [];
  for (let after: string | undefined; ; ) {
    const { heads, next } = await readHeads(admin, keys, { after, names: ["type"] });
    sizes.push(heads.length);
    if (next === undefined) break;
    after = next;
  }
  expect(sizes).toEqual([2, 2, 2, 0]);
});

it("of the errors the last one is read, also where it speaks of others, and junk is cut", async () => {
  const error = (message: string): object => ({ at: "2026-01-01T00:00:00Z", name: "Error", message });
  const lists = [
    JSON.stringify([error("first"), error('a text with ,{"at":" and ]')]),
    JSON.stringify([error("x".repeat(900_000)), error("last")]),
    JSON.stringify([error("x".repeat(900_000))]),
    '[{"at":"[{"at":"]',
    "none",
    "",
  ];
  for (const errors of lists) await admin.xadd(keys.dead, "*", "group", "g", "reason", "R", "errors", errors);
  await using operator = operations();
  const found = await all(operator.deadLetters.summaries("events"));
  expect(found.map(({ error: last }) => last?.message)).toEqual([
    'a text with ,{"at":" and ]',
    "last",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(found.map(({ problem }) => problem === undefined)).toEqual([true, true, false, false, false, true]);
});

it("whoever may not run scripts reads the same, letter by letter", async () => {
  await fillLetters(admin, 7, { causes: 2, entryBytes: 100 });
  await admin.hset(keys.settled, "no id", "x");
  const rules = ["on", ">pw", "~*", "+@all", "-eval_ro", "-evalsha_ro"];
  await admin.call("ACL", "SETUSER", "unscripted", "reset", ...rules);
  await using operator = operations();
  const url = redis.url.replace("//", "//unscripted:pw@");
  await using unscripted = new Operations({ env: {}, redis: { url } });
  const read = (from: Operations, of?: string): Promise<DeadLetterSummary[]> =>
    all(from.deadLetters.summaries("events", { of }));
  const whole = await read(operator);
  expect(whole).toHaveLength(7);
  expect(await read(unscripted)).toEqual(whole);
  expect(await read(unscripted, whole[3]?.messageId)).toEqual([whole[3]]);
  expect(await read(operator, whole[3]?.messageId)).toEqual([whole[3]]);
});

it("what is removed leaves nothing behind: neither a mark, nor a place in the index, nor a count", async () => {
  await using operator = operations();
  await fillLetters(admin, 3, { causes: 1, entryBytes: 100 });
  const [first, second] = await all(operator.deadLetters.summaries("events"));
  await operator.deadLetters.discard("events", first?.id ?? "", "a test");
  expect(await all(operator.deadLetters.purge("events", { settled: true }))).toEqual([1]);
  expect(await admin.hlen(keys.settled)).toBe(0);
  expect([await admin.xlen(keys.dead), await admin.zcard(keys.index)]).toEqual([2, 2]);
  const open = await openLetters(admin, keys, second?.group ?? "", Date.now());
  expect(open.count).toBe(2);
});

it("who stops a run in the middle has settled whole letters, and the same call goes on", async () => {
  await using operator = operations();
  await fillLetters(admin, 6, { causes: 2, entryBytes: 100 });
  const { causes } = await operator.deadLetters.causes("events");
  const done: string[] = [];
  for await (const { letter } of operator.deadLetters.redriveEach("events")) {
    done.push(letter.id);
    if (done.length === 2) break;
  }
  expect(causes).toHaveLength(2);
  expect((await all(operator.deadLetters.summaries("events"))).map(({ id }) => id)).not.toContain(done[0]);
  const rest = await all(operator.deadLetters.redriveEach("events"));
  expect([...done, ...rest.map(({ letter }) => letter.id)]).toHaveLength(6);
  expect(await admin.xlen("{events}:redrive:billing-workers")).toBe(6);
});

it("a run over thousands of letters uses one connection, and leaves with a reason what cannot be returned", async () => {
  await using operator = operations();
  await fillLetters(admin, 40, { causes: 1, entryBytes: 100 });
  await admin.xadd(keys.dead, "*", "group", "g", "reason", "R", "entry_id", "1-1", "original", "");
  await admin.config("RESETSTAT");
  const settled = await all(operator.deadLetters.redriveEach("events", {}, { by: "ada" }));
  expect(settled.filter(({ error }) => error === undefined)).toHaveLength(40);
  expect(settled.at(-1)).toMatchObject({ state: { state: "open" }, error: { code: "DEAD_LETTER_MISSING" } });
  const [, connections] = /total_connections_received:(\d+)/.exec(await admin.info("stats")) ?? [];
  expect(Number(connections)).toBeLessThan(5);
});
