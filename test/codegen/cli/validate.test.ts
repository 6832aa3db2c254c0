import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { validateCommand } from "../../../codegen/cli/validate.js";
import { obtainRedis } from "../../../runtime/testing/redis/index.js";
import { sound } from "../catalogue.js";
import { merpProgram, type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const [good] = sound["events/order.placed.json"].examples;
const bad = { ...good, after_data: { total: "12.50", note: 5 } };
const other = { ...good, event_type: "order.palced" };

let scratch: Scratch;

beforeAll(async () => {
  scratch = await Scratch.create({
    ...sound,
    "types/order.json": {
      ...sound["types/order.json"],
      properties: { total: { type: "number", sensitive: true }, note: { type: "string" } },
    },
  });
});

afterAll(() => scratch[Symbol.asyncDispose]());

async function validate(content: string, ...options: readonly string[]): Promise<Outcome> {
  const path = scratch.path("messages");
  await writeFile(path, content);
  const outcome = await merp(path, ...options);
  return {
    ...outcome,
    stdout: outcome.stdout.replaceAll(path, "messages"),
    stderr: outcome.stderr.replaceAll(path, "messages"),
  };
}

function merp(...parameters: readonly string[]): Promise<Outcome> {
  return runCommand(validateCommand, "--schemas", scratch.path("schemas"), ...parameters);
}

const lines = (...messages: readonly unknown[]): string =>
  messages.map((message) => JSON.stringify(message)).join("\n");

describe("merp validate", () => {
  it("accepts what a reader takes: as lines, as a list and as a single message", async () => {
    const extended = { ...good, added_later: true };
    for (const content of [
      lines(good, extended),
      `\ufeff${lines(good, good)}\r\n\n`,
      JSON.stringify([good, extended], null, 2),
    ]) {
      expect(await validate(content)).toEqual({ code: 0, stdout: "valid 2 messages\n", stderr: "" });
    }
    expect((await validate(JSON.stringify(good, null, 2))).stdout).toBe("valid 1 message\n");
    expect((await validate("[]")).stdout).toBe("valid 0 messages\n");
  });

  it("says where and why messages break the contract, and counts the causes; sensitive values are not shown", async () => {
    expect(await validate(lines(good, bad, other, bad, [1], { a: 1 }))).toEqual({
      code: 1,
      stdout: [
        "messages:2 order.placed: after_data.total must be a number; after_data.note must be text, got 5",
        "messages:3 order.palced: the message is of a type that the catalogue does not describe; did you mean order.placed?",
        "messages:4 order.placed: after_data.total must be a number; after_data.note must be text, got 5",
        "messages:5: the message must be an object",
        "messages:6: the message states no type: it has none of event_type, command_type, notification_type",
        "",
        "      2  order.placed after_data.total must be a number",
        "      2  order.placed after_data.note must be text",
        "      1  order.palced is of a type that the catalogue does not describe; did you mean order.placed?",
        "      1  must be an object",
        "      1  states no type: it has none of event_type, command_type, notification_type",
        "",
      ].join("\n"),
      stderr: "\nbroken 5 of 6 messages\n",
    });
  });

  it("judges as a publisher is judged, and leaves unknown types out, when it is told to", async () => {
    const extended = { ...good, after_data: { ...good.after_data, added_later: true } };
    const { code, stdout } = await validate(JSON.stringify([extended]), "--strict");
    expect([code, stdout.split("\n")[0]]).toEqual([
      1,
      "messages[0] order.placed: after_data.added_later is not in the contract",
    ]);
    expect((await validate(lines(good, other), "--allow-unknown")).stdout).toBe("valid 1 message\n");
  });

  it("prints JSON, a line for each broken message and one for the counts", async () => {
    const { code, stdout, stderr } = await validate(`nonsense\n${lines(good, bad)}`, "--json");
    expect([code, stderr]).toEqual([1, ""]);
    const nonsense = { path: "", message: "is not valid JSON" };
    const total = { path: "after_data.total", message: "must be a number" };
    const note = { path: "after_data.note", message: "must be text" };
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { where: "messages:1", issues: [{ path: "", message: "is not valid JSON (8 characters)" }] },
      { where: "messages:3", type: "order.placed", issues: [total, { ...note, message: "must be text, got 5" }] },
      {
        messages: 3,
        broken: 2,
        causes: [
          { count: 1, ...nonsense },
          { count: 1, type: "order.placed", ...total },
          { count: 1, type: "order.placed", ...note },
        ],
      },
    ]);
  });

  it("shows twenty of many, counts a cause once for a message and an item of any list as one place", async () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ ...bad, event_type: `x${at}` }));
    const { stdout } = await validate(lines(...many));
    expect(stdout.match(/^messages:/gm)).toHaveLength(20);
    expect(stdout).toContain("\n  and 10 more messages; --all prints every one\n");
    expect(stdout).toMatch(/\n {2}and 10 more causes\n$/);
    expect((await validate(lines(...many), "--all")).stdout.match(/^messages:/gm)).toHaveLength(30);
  });

  it("escapes what a terminal would obey", async () => {
    const { stdout } = await validate(lines({ ...good, event_type: "\u001b[2Jgone" }));
    expect(stdout).toContain("\\u001b[2Jgone");
    expect(stdout).not.toContain("\u001b");
  });

  it("exits with 2 when it cannot judge: no file, no JSON, a broken catalogue", async () => {
    for (const content of ["", "\n\n", "{ nope", '"text"', "17"]) {
      expect(await validate(content), content).toMatchObject({ code: 2, stdout: "" });
    }
    expect(await merp(scratch.path("missing"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("not exist"),
    });
    expect(await merp(scratch.folder)).toMatchObject({ code: 2, stderr: expect.stringContaining("EISDIR") });
    const nowhere = await runCommand(validateCommand, scratch.path("missing"), "--schemas", scratch.path("none"));
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("the folder does not exist") });
  });

  it("reads the standard input, and ends in silence when the reader of its output has seen enough", async () => {
    const path = scratch.path("many");
    await writeFile(path, lines(...Array.from({ length: 2000 }, () => bad)));
    const program = `${process.execPath} ${await merpProgram()}`;
    const script = `cat ${path} | { ${program} validate - --all; echo $? >code; } | head -n 1; cat code`;
    const outcome = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", script], { cwd: scratch.folder }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    expect(outcome).toBe(
      "stdin:1 order.placed: after_data.total must be a number; after_data.note must be text, got 5\n141\n",
    );
    const refused = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", `${program} validate --strikt; echo $?`], (_, stdout) => resolve(stdout));
    });
    expect(refused).toBe("2\n");
  }, 120_000);
});

describe("merp validate --stream", () => {
  it("judges the entries of both encodings page by page, and changes nothing", async () => {
    await using server = await obtainRedis();
    const client = new Redis(server.url);
    try {
      const key = "staging:events";
      const adding = client.pipeline();
      for (let at = 0; at < 450; at++)
        adding.xadd(key, `${at + 1}-0`, "message_type", "order.placed", "json", JSON.stringify(good));
      adding.xadd(
        key,
        "500-0",
        ...Object.entries(good).flatMap(([name, value]) => [
          name,
          typeof value === "object" ? JSON.stringify(value) : String(value),
        ]),
      );
      adding.xadd(key, "501-0", "message_type", "order.placed", "json", JSON.stringify(bad));
      adding.xadd(key, "502-0", "event_type", "order.placed", "entity_id", "x", "after_data", "{");
      adding.xadd(key, "503-0", "some", "thing");
      adding.xadd(key, "504-0", "message_type", "order.placed", "json", " ".repeat(2 ** 20));
      await adding.exec();
      const before = await client.xinfo("STREAM", key, "FULL");
      vi.stubEnv("REDIS_URL", server.url);
      vi.stubEnv("ENVIRONMENT", "staging");
      expect(await merp("--stream", "events")).toEqual({
        code: 1,
        stdout: expect.stringMatching(
          /^events 501-0 order\.placed: .*\nevents 502-0 order\.placed: the message cannot be read: after_data is not valid JSON \(1 characters\)\nevents 503-0: the message states no type.*\nevents 504-0 order\.placed: the message is larger than MESSAGE_MAX_BYTES, so no service reads it\n/,
        ),
        stderr: "\nbroken 4 of 455 messages\n",
      });
      expect(await client.xinfo("STREAM", key, "FULL")).toEqual(before);
      expect(await client.keys("*")).toEqual([key]);
      expect(await merp("--stream", "event")).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^failed there is no stream staging:event at .*: check its name, ENVIRONMENT/),
      });
      await client.set("staging:text", "x");
      expect(await merp("--stream", "text")).toMatchObject({ code: 2, stderr: expect.stringContaining("WRONGTYPE") });
    } finally {
      vi.unstubAllEnvs();
      client.disconnect();
    }
  });
});
