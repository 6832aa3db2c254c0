import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { publishUserDeleted, userDeleted } from "../../../../generated/index.js";
import { repository, Scratch } from "../../../codegen/scratch.js";
import { eventually } from "../../../support/eventually.js";
import { bundleOf } from "../../../support/program-bundle.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** A service's module, which writes down whom it handles. */
const module = `
import { appendFileSync } from "node:fs";
export function register(messaging) {
  messaging.on("user.*", async ({ entity_id }, { replay }) => {
    if (String(entity_id) === process.env.FAILS) throw new Error("not this one");
    appendFileSync("handled.log", entity_id + " " + replay + "\\n");
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.TAKES ?? 0)));
  });
}
export const where = ({ entity_id }) => entity_id < 1000;
export const close = () => appendFileSync("handled.log", "closed\\n");
setInterval(() => {}, 1000);
`;

/** The command, in a folder of its own. */
async function started(folder: string, parameters: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    REDIS_URL: redis.url,
    SERVICE_NAME: "billing",
    MERP_CATALOGUE,
    ...more,
  };
  const child = spawn(process.execPath, [program, "replay", "./service.mjs", ...parameters], { cwd: folder, env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end();
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  return { child, ended };
}

it("counts, asks, handles, is recorded, and ends although the module keeps the process alive", async () => {
  await using scratch = await Scratch.create({});
  await scratch.write("service.mjs", module);
  await using service = createService(redis, { service: "billing" });
  for (const entity_id of [1, 2, 3, 1000]) await publishUserDeleted(service, { entity_id });
  const run = async (...parameters: readonly string[]) => (await started(scratch.folder, parameters)).ended;
  const handled = (): Promise<string> => readFile(scratch.path("handled.log"), "utf8").catch(() => "");
  const plan =
    "type          messages\nuser.deleted         3\n3 messages would be handled, and 1 have no handler or are filtered out\n";
  expect(await run("--dry-run")).toEqual({ code: 0, out: plan, err: "" });
  expect(await handled()).toBe("closed\n");
  expect(await admin.keys("merp:audit")).toEqual([]);
  const failed = await (await started(scratch.folder, ["--yes"], { FAILS: "2" })).ended;
  expect(failed).toMatchObject({ code: 1, out: `${plan}failed 1 handled, 0 skipped, 1 failed\n` });
  expect(failed.err).toMatch(
    /^✗ user.deleted \d+-\d of events: Error: not this one\nthe same command goes on where it ended/,
  );
  const done = await run("--yes", "--why", "a new projection");
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining("completed 2 handled, 1 skipped\n"), err: "" });
  expect(await handled()).toBe("closed\n1 true\nclosed\n2 true\n3 true\nclosed\n");
  expect(JSON.stringify(await admin.xrange("merp:audit", "-", "+"))).toMatch(
    /replay.*billing.*a new projection.*completed/,
  );
}, 60_000);

it("goes on after kill -9 and after Ctrl-C: every message is handled at least once, in order, and none is skipped", async () => {
  await using scratch = await Scratch.create({});
  await scratch.write("service.mjs", module);
  await using service = createService(redis, { service: "billing" });
  const ids = Array.from({ length: 300 }, (_, at) => at + 1);
  await service.publishAll(
    userDeleted,
    ids.map((entity_id) => ({ entity_id })),
  );
  const handled = async (): Promise<readonly number[]> =>
    [...(await readFile(scratch.path("handled.log"), "utf8")).matchAll(/^(\d+) true$/gm)].map(([, id]) => Number(id));

  const first = await started(scratch.folder, ["--yes", "--checkpoint", "kept.json"], { TAKES: "6" });
  await eventually(() => existsSync(scratch.path("kept.json")), Boolean, { withinMs: 20_000 });
  first.child.kill("SIGKILL");
  await first.ended;
  const before = await handled();
  const second = await started(scratch.folder, ["--yes", "--checkpoint", "kept.json"], { TAKES: "1" });
  await eventually(async () => (await handled()).length > before.length + 5);
  second.child.kill("SIGINT");
  expect(await second.ended).toMatchObject({ code: 1, out: expect.stringMatching(/stopped \d+ handled/) });
  const between = await handled();
  const third = await started(scratch.folder, ["--yes", "--checkpoint", "kept.json"]);
  expect(await third.ended).toMatchObject({
    code: 0,
    out: expect.stringMatching(/completed \d+ handled, 0 skipped\n$/),
  });
  const all = await handled();

  expect(before).toEqual(ids.slice(0, before.length));
  // It did not begin anew: it went on behind the position that was kept, at or before the message that the crash cut off.
  const resumed = all[before.length] as number;
  expect(resumed).toBeGreaterThan(1);
  expect(resumed).toBeLessThanOrEqual(before.length + 1);
  expect(between.slice(before.length)).toEqual(ids.slice(resumed - 1, resumed - 1 + between.length - before.length));
  // After Ctrl-C nothing is handled twice.
  expect(all.slice(before.length)).toEqual(ids.slice(resumed - 1));
  expect(existsSync(scratch.path("kept.json"))).toBe(false);
}, 60_000);
