import { PassThrough } from "node:stream";
import { Command, InvalidArgumentError } from "commander";
import { afterEach, expect, it, vi } from "vitest";
import { descriptorsOf, readingMessages } from "../../../runtime/cli/catalogue.js";
import { changeOf, changing, isConfirmed } from "../../../runtime/cli/change.js";
import { CommandError } from "../../../runtime/cli/exit.js";
import { table } from "../../../runtime/cli/table.js";
import { durationOption, sinceOption, untilOption } from "../../../runtime/cli/time.js";
import { AuditTrail } from "../../../runtime/operations/audit/audit-trail.js";
import { Operator } from "../../../runtime/operations/operator.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await admin.flushall();
});

it("lays a table out as wide as the terminal, and as blocks of lines where that is too narrow", () => {
  const rows = [
    ["events of a very long name indeed", 12, "3 m"],
    ["a\nb", 1234, "now"],
  ];
  expect(table(["stream", "lag", "oldest"], rows, 40)).toBe(
    [
      "stream                       lag  oldest",
      "events of a very long nam…    12  3 m",
      "a\\u000ab                    1234  now",
      "",
    ].join("\n"),
  );
  expect(table(["stream", "lag", "oldest"], [["events of a very long name", 12, "since Monday morning"]], 40)).toBe(
    "stream: events of a very long name\nlag: 12\noldest: since Monday morning\n",
  );
});

it("takes the options of every command that changes something or reads messages", async () => {
  const command = readingMessages(changing(new Command("redrive")));
  await command.parseAsync(["-y", "--why", "it is back", "--who", "ada", "--catalogue", "./x.js"], { from: "user" });
  expect(command.opts()).toEqual({ yes: true, why: "it is back", who: "ada", catalogue: "./x.js" });
  const { who } = changing(new Command("redrive")).opts();
  expect(who).toMatch(/^(.+@)?.+$/);
});

it("reads lengths of time and moments", () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ["Date"] });
  expect(["90s", "10m", "1.5h", "2d", "250ms"].map(durationOption)).toEqual([90e3, 600e3, 5400e3, 1728e5, 250]);
  expect([sinceOption("10s"), untilOption("10s")]).toEqual([990_000, 1_010_000]);
  expect(sinceOption("2026-05-01T03:00:00Z")).toBe(Date.parse("2026-05-01T03:00:00Z"));
  for (const text of ["soon", "10", "-1s", "2026-13-45", "1e3s"]) {
    expect(() => sinceOption(text)).toThrow(InvalidArgumentError);
  }
});

it("finds the messages of a generated module, and says what is wrong with any other", async () => {
  const own = await descriptorsOf({});
  expect(own.map(({ type }) => type)).toContain("user.created");
  vi.stubEnv("MERP_CATALOGUE", "generated/events/user.created.ts");
  expect((await descriptorsOf({})).map(({ type }) => type)).toEqual(["user.created"]);
  for (const [catalogue, problem] of [
    ["./nowhere.js", "the catalogue ./nowhere.js cannot be loaded (ERR_MODULE_NOT_FOUND)"],
    ["no-such-package", "the catalogue no-such-package cannot be loaded (MODULE_NOT_FOUND)"],
    ["commander", "commander exports no messages"],
  ] as const) {
    await expect(descriptorsOf({ catalogue })).rejects.toThrow(problem);
  }
});

it("asks before a change, and does nothing where nobody can be asked", async () => {
  expect(await isConfirmed("redrive 3 letters?", { yes: true })).toBe(true);
  await expect(isConfirmed("redrive 3 letters?", {})).rejects.toThrow(CommandError);
});

it.each([
  ["y\r", true],
  ["n\r", false],
  ["\r", false],
  ["\u0003", false],
  ["\u0004", false],
])("takes %j at a question as %s, and says when nothing was done", async (keys, isYes) => {
  const [input, output] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()];
  const answer = isConfirmed("redrive 3 letters?", {}, { input, output });
  input.write(keys);
  expect(await answer).toBe(isYes);
  const said = String(output.read());
  expect(said).toContain("redrive 3 letters? [y/N] ");
  expect(said.endsWith("\nnothing was done\n")).toBe(!isYes);
});

it("takes a terminal that is gone as no", async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end();
  expect(await isConfirmed("redrive 3 letters?", {}, { input, output: new PassThrough() })).toBe(false);
});

it("records who changed what, when, why, and what came of it, before and after", async () => {
  const { config, routes } = new Operator({ env: {}, redis: { url: redis.url } }, { name: "operator" });
  const trail = new AuditTrail(config, routes);
  const change = changeOf(
    { who: "ada", why: "the database is back" },
    { action: "dead-letters redrive", target: "events", details: { reason: "E_DB" } },
  );
  await trail.recorded(change, async () => ({ redriven: 3 }));
  const failure = trail.recorded(change, () => Promise.reject(Object.assign(new Error("secret"), { code: "E_X" })));
  await expect(failure).rejects.toThrow("secret");
  const entries = await admin.xrange("merp:audit", "-", "+");
  const about = ["action", "dead-letters redrive", "target", "events", "who", "ada", "why", "the database is back"];
  const [first, , third] = entries.map(([id]) => id);
  expect(entries.map(([, fields]) => fields)).toEqual([
    ["state", "begun", ...about, "details", '{"reason":"E_DB"}'],
    ["state", "done", ...about, "begun", first, "details", '{"redriven":3}'],
    ["state", "begun", ...about, "details", '{"reason":"E_DB"}'],
    ["state", "failed", ...about, "begun", third, "details", '{"error":"E_X"}'],
  ]);
  routes.close();
});

it("changes nothing where the change cannot be recorded", async () => {
  await admin.set("merp:audit", "no stream");
  const { config, routes } = new Operator({ env: {}, redis: { url: redis.url } }, { name: "operator" });
  const make = vi.fn(async () => ({}));
  const change = changeOf({}, { action: "dead-letters purge", target: "events" });
  await expect(new AuditTrail(config, routes).recorded(change, make)).rejects.toThrow();
  expect(make).not.toHaveBeenCalled();
  routes.close();
});
