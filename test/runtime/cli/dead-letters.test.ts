import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as catalogue from "../../../generated/index.js";
import { showChanges } from "../../../runtime/cli/audit.js";
import { discard } from "../../../runtime/cli/dead-letters/discard.js";
import { showGroups } from "../../../runtime/cli/dead-letters/groups.js";
import { showList } from "../../../runtime/cli/dead-letters/list.js";
import { purge } from "../../../runtime/cli/dead-letters/purge.js";
import { redrive } from "../../../runtime/cli/dead-letters/redrive.js";
import { showLetter } from "../../../runtime/cli/dead-letters/show.js";
import type { LetterTool } from "../../../runtime/cli/dead-letters/tool.js";
import { CommandError } from "../../../runtime/cli/exit.js";
import { AuditTrail } from "../../../runtime/operations/audit/audit-trail.js";
import { type RecordedChange, recordedChanges } from "../../../runtime/operations/audit/recorded-changes.js";
import { Operator } from "../../../runtime/operations/operator.js";
import { deadLettersOf } from "../../../runtime/operations/redis-dead-letters.js";
import { repository } from "../../codegen/scratch.js";
import { all } from "../../conformance/cast.js";
import { eventually } from "../../support/eventually.js";
import { fillLetters } from "../../support/letters.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
const { config, routes } = new Operator({ env: {}, redis: { url: redis.url } }, { name: "operator" });
const descriptors = [catalogue.userCreated, catalogue.createUser];
const audit = new AuditTrail(config, routes);
const tool: LetterTool = { letters: deadLettersOf(config, routes), audit, descriptors, routes };
const events: LetterTool = { ...tool, descriptors: [catalogue.userCreated] };
const yes = { yes: true, who: "ada", why: "it is back" } as const;

let [out, err] = ["", ""];
beforeEach(() => {
  [out, err] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
  vi.stubEnv("NO_COLOR", "1");
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await admin.flushall();
});

/** What a command printed since the last call. */
function printed(): string {
  const text = out;
  [out, err] = ["", ""];
  return text;
}

const changes = (): Promise<RecordedChange[]> => all(recordedChanges(config, routes));
const ids = async (): Promise<string[]> => (await all(tool.letters.summaries("events"))).map(({ id }) => id);

it("groups tells the causes, and the command that redrives the most frequent", async () => {
  expect(await showGroups(tool, [], {})).toBe(0);
  expect(printed()).toBe("No open dead letters in commands and events.\n");
  await fillLetters(admin, 5, { causes: 2, entryBytes: 10 });
  expect(await showGroups(tool, ["events"], {})).toBe(0);
  const text = printed();
  expect(text).toMatch(/^5 open dead letters of 2 causes\.\n\nerror +type +group +letters +last +cause\n/);
  expect(text).toMatch(/\nError: ECONNREFUSED for user # +user\.created +billing-workers +3 +0 s ago +[0-9a-f]{10}\n/);
  await showGroups(tool, [], { json: true });
  const [first, second, rest] = printed().split("\n");
  expect(JSON.parse(first ?? "")).toMatchObject({ stream: "events", count: 3, code: "ECONNREFUSED" });
  expect([JSON.parse(second ?? "").count, rest]).toEqual([2, ""]);
  expect(text).toContain(`merp dead-letters redrive --cause ${JSON.parse(first ?? "").id}\n`);
  await expect(showGroups(tool, ["event"], {})).rejects.toThrow(
    "there is no stream event: the catalogue has commands, events. Give its name without the environment, or --catalogue; did you mean events?",
  );
});

it("list selects letters, and says that there are more", async () => {
  await fillLetters(admin, 5, { causes: 2, entryBytes: 10 });
  await showList(tool, [], { limit: 2 });
  expect(printed()).toMatch(
    /^error +type +group +died +state +age +id\n(Error.*once +open.*\n){2}There are more: give --limit/,
  );
  await showList(tool, [], { reason: "E_TENANT", json: true });
  const letters = printed()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(letters.map(({ reason, deaths }) => [reason, deaths])).toEqual([
    ["E_TENANT", 1],
    ["E_TENANT", 1],
  ]);
  await showList(tool, ["events"], { since: Date.now() + 1000 });
  expect(printed()).toBe("No open dead letters match in events.\n");
});

it("show tells what is wrong and what mends it, and masks what is sensitive", async () => {
  await fillLetters(admin, 1, { causes: 1, entryBytes: 3000 });
  const [id = ""] = await ids();
  const { messageId = "" } = await tool.letters.get("events", id);
  expect(await showLetter(tool, messageId, {})).toBe(0);
  const text = printed();
  expect(text).toMatch(
    /^user\.created died in billing-workers after 2 attempts: Error: ECONNREFUSED for user 0\nMend the cause, then: merp dead-letters redrive /,
  );
  expect(text).toContain('"email": "…"');
  expect(text).not.toContain("x".repeat(2100));
  await expect(showLetter(tool, id, { raw: true })).rejects.toThrow("marks values as sensitive");
  await expect(
    showLetter({ ...tool, descriptors: [catalogue.createUser] }, id, { raw: true, stream: ["events"] }),
  ).rejects.toThrow(
    "the catalogue does not describe user.created, so nobody knows whether it is sensitive: give --catalogue",
  );
  await showLetter(tool, "1-1", { json: true });
  expect(JSON.parse(printed())).toMatchObject({ id, queue: "events", message: { after_data: { email: "…" } } });
  for (const none of ["9-9", "nonsense", "-", ""]) {
    await expect(showLetter(tool, none, {})).rejects.toThrow(
      `there is no dead letter, and none of a message, ${none} in `,
    );
  }
});

it("show of a hostile record hides no line and obeys nothing", async () => {
  const hostile = "\u001b[2J\n::error::x";
  const fields = {
    group: hostile,
    type: hostile,
    reason: hostile,
    original: `5:${"a\nb\rc"},1:d,`,
    errors: "[{}]",
    stream: hostile,
  };
  const id = (await admin.xadd("{events}:dead", "*", ...Object.entries(fields).flat())) as string;
  await showLetter(tool, id, {});
  await showList(tool, [], {});
  await showGroups(tool, [], {});
  expect(out).not.toContain("\u001b");
  expect(out).not.toMatch(/^::error/m);
  await admin.xadd("{events}:dead", "*", "junk", "1");
  await showGroups(tool, [], {});
  expect(out).toMatch(/^no error is recorded +– +1 +0 s ago/m);
  expect(await redrive(tool, [id], yes)).toBe(0);
});

it("redrive needs to be told what, asks, and records it", async () => {
  await fillLetters(admin, 5, { causes: 2, entryBytes: 10 });
  await expect(redrive(tool, [], yes)).rejects.toThrow(
    "name what to redrive: ids, --cause or another selection, or --all",
  );
  await expect(redrive(tool, ["1-0"], { ...yes, all: true })).rejects.toThrow(
    "give ids, or what selects letters, and not both",
  );
  await expect(redrive(tool, [], { all: true })).rejects.toThrow(
    'nobody can be asked "redrive 5 dead letters of events to billing-workers?" here, so give --yes',
  );
  expect(await changes()).toEqual([]);
  const [cause] = (await tool.letters.causes("events")).causes;
  expect(await redrive(tool, [], { ...yes, cause: cause?.id ?? "", limit: 2, rate: 1000 })).toBe(0);
  expect(err).toMatch(
    /^stopped after 2 of 3: the limit is reached\ngo on with: merp dead-letters redrive --cause [0-9a-f]{10} --until 2\S+Z --rate 1000\n$/,
  );
  expect(printed()).toBe("redriven 2 dead letters\n");
  expect(await redrive(tool, [], { ...yes, cause: cause?.id ?? "" })).toBe(0);
  expect(printed()).toBe("redriven 1 dead letter\n");
  expect(await redrive(tool, [], { ...yes, cause: cause?.id ?? "" })).toBe(0);
  expect(printed()).toBe("no open dead letter matches in commands and events\n");
  await expect(redrive(tool, [], { ...yes, cause: "0123456789" })).rejects.toThrow(
    "no dead letter has the cause 0123456789",
  );
  const [last, first] = await changes();
  const change = { action: "dead-letters redrive", target: "events", who: "ada", why: "it is back", state: "done" };
  expect(last).toMatchObject({ ...change, outcome: { redriven: 1 } });
  expect(first).toMatchObject({
    ...change,
    details: { cause: cause?.id, limit: 2 },
    outcome: { redriven: 2, stopped: "limit" },
  });
  const [id = ""] = await ids();
  expect(await redrive(tool, [id], yes)).toBe(0);
  expect(await redrive(tool, [id], yes)).toBe(1);
  expect(err).toMatch(new RegExp(`^dead letter ${id} was redriven by ada at 2\\S+Z\n$`));
});

it("a letter of which nothing can be returned is left with the reason, and the others are redriven", async () => {
  await fillLetters(admin, 2, { causes: 1, entryBytes: 10 });
  const record = {
    group: "billing-workers",
    stream: "events",
    entry_id: "7-7",
    kept_bytes: "9",
    reason: "MESSAGE_TOO_LARGE",
  };
  const gone = (await admin.xadd("{events}:dead", "*", ...Object.entries(record).flat())) as string;
  expect(await redrive(events, [], { ...yes, all: true })).toBe(1);
  expect(err).toContain(
    `left ${gone}: dead letter ${gone} in {events}:dead cannot be redriven: its entry 7-7 was removed`,
  );
  expect(printed()).toBe("redriven 2 dead letters\n");
  expect(await redrive(events, [gone], yes)).toBe(1);
  expect(await ids()).toEqual([gone]);
});

it("an edited copy is checked before anything is changed, and every issue is told", async () => {
  await fillLetters(admin, 1, { causes: 1, entryBytes: 10 });
  const [id = ""] = await ids();
  const folder = mkdtempSync(join(tmpdir(), "letters-"));
  const file = join(folder, "message.json");
  await showLetter(tool, id, { json: true });
  const { message } = JSON.parse(printed());
  const using = (edited: unknown): Promise<number> => {
    writeFileSync(file, typeof edited === "string" ? edited : JSON.stringify(edited));
    return redrive(tool, [id], { ...yes, with: file });
  };
  await expect(using("{\n  id: 1 }")).rejects.toThrow(
    new CommandError(`${file}:2:3 is not valid JSON; nothing was done`),
  );
  await expect(using("nonsense")).rejects.toThrow(new CommandError(`${file} is not valid JSON; nothing was done`));
  await expect(using({ ...message, entity_id: "x", id: "1" })).rejects.toThrow(
    /id cannot be changed.*entity_id must be a whole number/,
  );
  await expect(using([])).rejects.toThrow("must be an object");
  expect(await using(message)).toBe(1);
  await expect(redrive(tool, [id], { ...yes, edit: true })).rejects.toThrow(
    "there is no terminal for an editor: give --with <file>",
  );
  await expect(redrive(tool, [], { ...yes, with: file })).rejects.toThrow("give the id of one letter to edit");
  expect([await changes(), (await ids()).length]).toEqual([[], 1]);
  expect(await using({ ...message, entity_id: 77 })).toBe(0);
  expect(printed()).toBe("redriven 1 dead letter, as an edited copy (changed: entity_id)\n");
  expect(await changes()).toMatchObject([{ details: { ids: [id], changed: ["entity_id"] }, outcome: { redriven: 1 } }]);
  await showLetter(tool, id, {});
  expect(printed()).toContain("was redriven by ada");
  rmSync(folder, { recursive: true });
});

it("discard keeps the reason with the letters, and purge says what it removes", async () => {
  await fillLetters(admin, 5, { causes: 2, entryBytes: 10 });
  await expect(discard(tool, [], { ...yes, all: true, why: " " })).rejects.toThrow("say why they are discarded");
  expect(await discard(tool, [], { ...yes, reason: "E_TENANT" })).toBe(0);
  expect(printed()).toBe("discarded 2 dead letters\n");
  await expect(purge(tool, [], yes)).rejects.toThrow("name what to remove");
  await expect(purge(tool, [], { keep: 1 })).rejects.toThrow(
    'nobody can be asked "remove 4 dead letters, 2 of them open, whose messages are lost?"',
  );
  printed();
  expect(await purge(tool, [], { ...yes, settled: true })).toBe(0);
  expect(err).toMatch(/^group +stream +settled +open +kept\nbilling-workers +events +2 +0 +3\n$/);
  expect(printed()).toBe("removed 2 dead letters\n");
  expect(await purge(tool, ["events"], { ...yes, settled: true })).toBe(0);
  expect(printed()).toBe("no dead letter is to be removed\n");
  expect(await ids()).toHaveLength(3);
});

it("audit lists changes, the newest first, and those that were cut off as such", async () => {
  const change = { action: "dead-letters redrive", target: "events", who: "ada" };
  await audit.recorded(change, async () => ({ redriven: 3 }));
  await audit.recorded({ ...change, why: "a\nb" }, () => Promise.reject(new TypeError("secret"))).catch(() => {});
  await admin.xadd("merp:audit", "*", "state", "begun", "action", "groups pause", "target", "x", "who", "bob");
  await admin.xadd("merp:audit", "*", "junk", "1");
  expect(await showChanges(recordedChanges(config, routes), { limit: 3 })).toBe(0);
  const time = "\\d{4}-\\d\\d-\\d\\dT\\S+Z";
  expect(printed()).toMatch(
    new RegExp(
      `^${time} groups pause of x, by bob: not ended: it was cut off, or still runs\n` +
        `${time} dead-letters redrive of events, by ada: failed\n  why: a\\\\u000ab\n  came of it: error TypeError\n` +
        `${time} dead-letters redrive of events, by ada: done\n  came of it: redriven 3\n$`,
    ),
  );
  await showChanges(recordedChanges(config, routes), { limit: 1 });
  expect(printed()).toMatch(/not ended.*\nThere are more: give --limit\n$/);
  await showChanges(recordedChanges(config, routes, new Date(Date.now() + 60_000)), { limit: 1 });
  expect(printed()).toBe("No change is on record.\n");
});

it("as a program: a run that is interrupted ends whole letters, and says how to go on; a read-only user is refused", async () => {
  await fillLetters(admin, 300, { causes: 1, entryBytes: 10 });
  const bundle = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
  const merp = (url: string, ...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [bundle, "dead-letters", ...args], {
      env: { PATH: process.env["PATH"] ?? "", REDIS_URL: url, MERP_CATALOGUE },
    });
  const named = await endOf(merp(redis.url, "show", "--stream", "commands", "--stream", "events", "9-9"));
  expect(named.stderr).toMatch(/^error: there is no dead letter, and none of a message, 9-9 in commands and events: /);
  const run = merp(redis.url, "redrive", "--all", "--rate", "50", "--yes");
  const ended = endOf(run);
  await eventually(
    () => admin.xlen("{events}:redrive:billing-workers"),
    (count) => count > 2,
  );
  run.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  const [, count = ""] = /^redriven (\d+) dead letters\n$/.exec(stdout) ?? [];
  expect(stderr).toContain(
    `stopped after ${count} of 300: interrupted\ngo on with: merp dead-letters redrive --until 2`,
  );
  expect(code).toBe(1);
  expect(await admin.xlen("{events}:redrive:billing-workers")).toBe(Number(count));
  expect(await ids()).toHaveLength(300 - Number(count));

  await admin.call("ACL", "SETUSER", "viewer", "reset", "on", ">pw", "%R~*", "+@all");
  const refused = await endOf(merp(redis.url.replace("//", "//viewer:pw@"), "redrive", "--all", "--yes"));
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toMatch(/^error: Redis at \S+ refused recording the change in merp:audit: NOPERM .*\n$/);
  expect(await ids()).toHaveLength(300 - Number(count));
});

async function endOf(run: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) run[name]?.on("data", (chunk) => (texts[name] += String(chunk)));
  const code = await new Promise<number | null>((resolve) => run.on("close", resolve));
  return { code, ...texts };
}
