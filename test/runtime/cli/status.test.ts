import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lineOf, nagiosState, nagiosText } from "../../../runtime/cli/status/nagios.js";
import { statusText } from "../../../runtime/cli/status/text.js";
import { diagnose, prometheusText } from "../../../runtime/operations/index.js";
import { repository } from "../../codegen/scratch.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { groupOf, memberOf, membersOf, serviceOf, statusOf, streamOf } from "../../support/status.js";

const { redis, admin } = await useRedis();

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with nothing of this machine's settings. @param until - it is interrupted when its output is so far */
async function merpStatus(args: readonly string[], url: string = redis.url, until?: RegExp): Promise<Run> {
  const [program, catalogue] = await Promise.all(
    ["runtime/cli/index.ts", "generated/index.ts"].map((path) => bundleOf(join(repository, path))),
  );
  const env = {
    PATH: process.env["PATH"] ?? "",
    REDIS_URL: url,
    REDIS_CONNECTION_TIMEOUT: "1",
    MERP_CATALOGUE: catalogue,
  };
  const child = spawn(process.execPath, [program as string, "status", ...args], { env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (until?.test(stdout)) child.kill("SIGINT");
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const HOSTILE = 'a"b\\c|d\n\u001b[2J=x';
const status = statusOf(
  [
    streamOf(
      [
        groupOf({ lag: null, isBehind: true, pending: 3, parked: 1, nextDueMs: -5000 }),
        groupOf({
          name: HOSTILE,
          service: HOSTILE,
          isServed: false,
          lag: 1,
          isBehind: true,
          members: membersOf(memberOf({ state: "dead", name: HOSTILE })),
        }),
      ],
      { addedPerSecond: 1.5 },
    ),
  ],
  { services: [serviceOf()] },
);
const problems = diagnose(status);

describe("merp status", () => {
  it("says what is wrong first, and its exit code says how bad it is", async () => {
    await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
    await admin.xadd("events", "*", "event_type", "user.created");
    const { code, stdout } = await merpStatus([]);
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /^✗ nobody serves billing-workers on events: 1 entry unread, .*\n {2}→ start a process of billing\n/,
    );
    expect(stdout).toMatch(/^billing-workers on events +1 +0 +- +0 +- +0 +0 of 0$/m);
  });

  it("prints a block for each look into a pipe, until it is interrupted", async () => {
    const { code, stdout, stderr } = await merpStatus(
      ["--watch", "100ms", "--format", "json", "--stream", "events"],
      redis.url,
      /(\n[^\n]+){2}\n$/,
    );
    expect([code, stderr]).toEqual([2, ""]);
    const looks = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(looks.slice(0, 2)).toMatchObject([{ sinceMs: null }, { sinceMs: expect.any(Number) }]);
    expect(looks[1].streams[0].addedPerSecond).toBe(0);
  });

  it("says why it cannot judge, in each format", async () => {
    const away = "redis://127.0.0.1:1";
    expect(await merpStatus(["--format", "nagios"], away)).toMatchObject({
      code: 2,
      stderr: "",
      stdout: expect.stringMatching(/^MERP CRITICAL - Redis at 127.0.0.1:1 cannot be reached.*\n$/),
    });
    const refused = await merpStatus(["--format", "nagios"], redis.url.replace("//", "//nobody:wrong@"));
    expect(refused).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^MERP UNKNOWN - Redis at .* refuses this service: WRONGPASS[^.]*\. Check/),
    });
    const { code, stdout, stderr } = await merpStatus(["--format", "prometheus"], away);
    expect([code, stdout.split("\n").at(-2), stderr.slice(0, 6)]).toEqual([2, "merp_status_up 0", "error:"]);
  });
});

describe("the formats of a status", () => {
  it("fits a terminal of 40 columns, but for a command, which is one line", () => {
    const lines = statusText(status, problems, 40).split("\n");
    expect(lines.filter((line) => line.length > 40 && !line.startsWith("  →") && !/^\S+: /.test(line))).toEqual([]);
    expect(statusText(status, problems, 40)).not.toContain("\u001b");
    expect(statusText(statusOf(), [], 40)).toMatch(/^✓ all is well: 1 stream, 1 group, 1\n {2}consumer alive\n/);
  });

  it("calls a lag unknown in every format, and never 0", () => {
    expect(statusText(status, problems)).toMatch(/^billing-workers on events +unknown +3 /m);
    expect(nagiosText(status, problems)).toContain(" lag=U ");
    expect(prometheusText(status, problems)).not.toContain(
      'merp_status_group_lag{messaging_destination_name="events",messaging_consumer_group_name="billing-workers"',
    );
  });

  it("is one line of text and performance data for Nagios", () => {
    const text = nagiosText(status, problems);
    expect(text).toMatch(
      /^MERP CRITICAL - [^|\n]+ \| lag=U pending=3;;;0 oldest_pending=0s;;;0( [a-z_]+=\d+[Bc]?;;;0)+$/,
    );
    expect([nagiosState([]), nagiosState(diagnose(statusOf([], { redis: { clockAheadMs: 9000 } })))]).toEqual([
      "ok",
      "warning",
    ]);
    expect(lineOf("ok", "a|b\nc")).toBe("MERP OK - a/b\\u000ac");
  });

  it("is valid in the text format of Prometheus, whatever the names are", () => {
    const text = prometheusText(status, problems);
    const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\["\\n])*"`;
    const sample = new RegExp(`^(merp_status_[a-z_]+)(\\{${label}(,${label})*\\})? -?\\d+(\\.\\d+)?$`);
    const typed = new Set<string>();
    for (const line of text.trimEnd().split("\n")) {
      const [, type] = /^# TYPE (\S+) (gauge|counter)$/.exec(line) ?? [];
      if (type !== undefined) {
        expect(typed.has(type)).toBe(false);
        typed.add(type);
      } else if (!/^# HELP merp_status_[a-z_]+ [^\n]+\.$/.test(line)) {
        expect(line).toMatch(sample);
        expect(typed.has(sample.exec(line)?.[1] ?? "")).toBe(true);
      }
    }
    expect(text).toContain('messaging_consumer_group_name="a\\"b\\\\c|d\\n\u001b[2J=x"');
    expect(
      [...typed].filter((name) => name.endsWith("_total")).every((name) => text.includes(`# TYPE ${name} counter`)),
    ).toBe(true);
  });
});
