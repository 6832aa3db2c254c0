import { execFileSync, spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { diffCommand } from "../../../codegen/cli/diff.js";
import type { Finding } from "../../../codegen/index.js";
import { sound } from "../catalogue.js";
import { merpProgram, type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();
const order = sound["types/order.json"];
/** The same catalogue in which an order costs no more than 99. */
const cheap = {
  ...sound,
  "types/order.json": { ...order, properties: { total: { type: "number", maximum: 99 }, note: { type: "string" } } },
};
/** The same catalogue without the note of an order. */
const silent = { ...sound, "types/order.json": { ...order, properties: { total: { type: "number" } } } };

async function diff(scratch: Scratch, ...parameters: readonly string[]): Promise<Outcome> {
  process.chdir(scratch.folder);
  try {
    return await runCommand(diffCommand, ...parameters);
  } finally {
    process.chdir(home);
  }
}

function git({ folder }: Scratch, ...parameters: readonly string[]): string {
  const who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", folder, ...who, ...parameters], { encoding: "utf8", stdio: "pipe" });
}

/** A repository with a commit of a catalogue, in which another version of it stands now. */
async function repositoryOf(committed: object, now: object): Promise<Scratch> {
  const scratch = await Scratch.create(committed as typeof sound);
  git(scratch, "init", "-q", "-b", "main");
  git(scratch, "add", "-A");
  git(scratch, "commit", "-qm", "a");
  await scratch.writeSchemas(now as typeof sound);
  return scratch;
}

describe("merp diff", () => {
  it("tells with the place, the message that is refused, and what to do, and exits with 1", async () => {
    await using scratch = await repositoryOf(sound, cheap);
    const { code, stdout, stderr } = await diff(scratch, "--against", "main");
    expect(stdout.split("\n")).toEqual([
      "order.placed (event)",
      "schemas/types/order.json:7:7 /properties/total/maximum: breaks new readers: maximum is 99, and was not given (limit-tightened)",
      expect.stringMatching(
        /^ {2}new readers refuse \{.*"total":\d.*\}, as json: after_data\.total must be <= 99, got \d+/,
      ),
      expect.stringMatching(/^ {2}instead: /),
      expect.stringMatching(/^ {2}deploy: writers first: /),
      "",
      "",
    ]);
    expect([code, stderr]).toEqual([1, "breaks 1 message of 1: 1 of 1 change against main\n"]);
  });

  it("names a place that only the old version has by its ref", async () => {
    await using scratch = await repositoryOf(cheap, sound);
    const { stdout } = await diff(scratch, "--against", "HEAD");
    expect(stdout).toContain(
      "HEAD:schemas/types/order.json:7:7 /properties/total/maximum: breaks old readers: maximum was 99",
    );
    expect(stdout).toContain("deploy: readers first");
  });

  it("exits with 0 if nothing breaks, and prints what is safe only with --all", async () => {
    const described = { ...sound, "types/order.json": { ...order, description: "An order." } };
    await using scratch = await repositoryOf(sound, described);
    expect(await diff(scratch, "--against", "main")).toEqual({
      code: 0,
      stdout: "compatible 1 message, 1 change against main\n",
      stderr: "",
    });
    expect((await diff(scratch, "--against", "main", "--all")).stdout).toContain(
      ": safe: description differs (documentation-changed)",
    );
  });

  it("counts what breaks source code alone, and not with --wire", async () => {
    await using scratch = await repositoryOf(sound, silent);
    const { code, stdout } = await diff(scratch, "--against", "main");
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining("breaks source code: the property note was removed (property-removed)"),
    ]);
    expect((await diff(scratch, "--against", "main", "--wire")).code).toBe(0);
  });

  it("compares with a folder, with a project's folder and with an installed package", async () => {
    await using scratch = await Scratch.create(cheap as unknown as typeof sound);
    await using released = await Scratch.create(sound);
    await cp(released.folder, scratch.path("node_modules/@shop/catalogue"), { recursive: true });
    for (const against of [
      released.path("schemas"),
      released.folder,
      "./node_modules/@shop/catalogue",
      "@shop/catalogue",
    ]) {
      const { code, stdout } = await diff(scratch, "--against", against);
      expect([against, code, stdout]).toEqual([against, 1, expect.stringContaining("limit-tightened")]);
    }
  });

  it("finds the schemas where they were then", async () => {
    await using scratch = await repositoryOf(sound, sound);
    git(scratch, "mv", "schemas", "old");
    git(scratch, "commit", "-qam", "b");
    await scratch.writeSchemas(cheap as unknown as typeof sound);
    expect((await diff(scratch, "--against", "main")).stderr).toContain(
      "the commit main has no schema files in schemas; if they were elsewhere, say so: --against main:path/to/schemas",
    );
    expect((await diff(scratch, "--against", "main:old")).code).toBe(1);
  });

  it("finds a message that has moved and changed by its type", async () => {
    const { "events/order.placed.json": placed, ...rest } = cheap;
    await using scratch = await repositoryOf(sound, {});
    git(scratch, "rm", "-rq", "schemas");
    await scratch.writeSchemas({
      ...rest,
      "events/shop/order.placed.json": JSON.parse(JSON.stringify(placed).replaceAll("../", "../../")),
    });
    const { stdout } = await diff(scratch, "--against", "main", "--all");
    expect(stdout.match(/\((\w+-\w+)\)/g)).toEqual(["(limit-tightened)"]);
  });

  it("tells of messages that were added, removed and renamed", async () => {
    const placed = sound["events/order.placed.json"];
    const paid = JSON.parse(JSON.stringify(placed).replaceAll("order.placed", "order.paid"));
    await using scratch = await repositoryOf(sound, { "events/order.paid.json": { ...paid, required: [] } });
    expect((await diff(scratch, "--against", "main", "--all")).stdout).toContain(
      "safe: the event order.paid was added (message-added)",
    );
    await using other = await repositoryOf({ ...sound, "events/order.paid.json": { ...paid, required: [] } }, {});
    git(other, "rm", "-q", "schemas/events/order.paid.json");
    expect((await diff(other, "--against", "main")).stdout).toContain(
      "breaks new readers: the event order.paid was removed (message-removed)",
    );
    await using third = await repositoryOf(sound, { "events/order.placed.json": paid });
    expect((await diff(third, "--against", "main")).stdout).toContain(
      "breaks old and new readers: the type order.placed is called order.paid, as it seems (message-renamed)",
    );
  });

  it("prints JSON, and annotations of GitHub Actions, of which no text of a schema makes two", async () => {
    const strange = {
      ...order,
      properties: { ...order.properties, "a\n::error::b": { type: "string" } },
      required: ["total", "a\n::error::b"],
    };
    const placed = sound["events/order.placed.json"];
    const [example] = placed.examples;
    const examples = [{ ...example, after_data: { total: 1, "a\n::error::b": "x" } }];
    await using scratch = await repositoryOf(sound, {
      "types/order.json": strange,
      "events/order.placed.json": { ...placed, examples },
    });
    const { stdout } = await diff(scratch, "--against", "main", "--format", "json");
    const { against, messages, breaks, findings } = JSON.parse(stdout);
    const added = findings.find(({ rule }: Finding) => rule === "property-added");
    expect([against, messages, breaks, findings.length, added.verdict]).toEqual([
      "main",
      1,
      1,
      2,
      "breaks-new-readers",
    ]);
    expect(added.proofs[0].message.event_type).toBe("order.placed");
    const lines = (await diff(scratch, "--against", "main", "--format", "github")).stdout.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(
        /^::error file=schemas\/types\/order\.json,line=\d+,col=\d+,title=breaks new readers::order\.placed: .*%0Adeploy: writers first%?/,
      ),
    ]);
  });

  it("exits with 2 and says why if there is nothing to compare with", async () => {
    await using scratch = await repositoryOf(sound, sound);
    const unknown = await diff(scratch, "--against", "nothing");
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^failed there is nothing called "nothing" to compare with: it is no commit, branch or tag, and no folder and no package has this name; give a git ref/,
      ),
    ]);
    for (const [against, reason] of [
      ["./nowhere", "the folder ./nowhere does not exist"],
      ["--upload-pack=touch x", "there is nothing called"],
      ["main:nowhere", "the commit main has no schema files in nowhere"],
    ] as const) {
      const { code, stderr } = await diff(scratch, `--against=${against}`);
      expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
    }
    await using apart = await Scratch.create(sound);
    expect(await diff(apart, "--against", "main")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("this is no git repository"),
    });
  });

  it("locates the problems of a catalogue that did not compile then, and of the one now", async () => {
    const broken = { ...sound, "types/order.json": { ...order, properties: { total: { type: "nummber" } } } };
    await using scratch = await repositoryOf(broken, sound);
    const { code, stderr } = await diff(scratch, "--against", "main");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/"nummber".*\n --> main:schemas\/types\/order\.json:6:15 \/properties\/total\/type\n/),
    ]);
    await using other = await repositoryOf(sound, broken);
    expect(await diff(other, "--against", "main")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^ --> schemas\/types\/order\.json:6:15/m),
    });
  });

  it("leaves the repository as it is", async () => {
    await using scratch = await repositoryOf(sound, cheap);
    const before = git(scratch, "status", "--porcelain");
    await diff(scratch, "--against", "main");
    expect(git(scratch, "status", "--porcelain")).toBe(before);
  });

  it("says without a baseline what to give, and does without git, as a program", async () => {
    await using scratch = await repositoryOf(sound, cheap);
    const missing = await scratch.merp("diff");
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining("say what to compare with: --against main"),
    ]);
    expect((await scratch.merp("diff", "--help")).code).toBe(0);
    expect((await scratch.merp("diff", "--against", "main", "--format", "xml")).code).toBe(2);
    const program = [await merpProgram(), "diff", "--against", "main"];
    const child = spawn(process.execPath, program, { cwd: scratch.folder, env: { PATH: "/nowhere", NO_COLOR: "1" } });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, stderr]).toEqual([2, expect.stringContaining("the program git is not installed")]);
  });

  it("colours nothing that does not go to a terminal, not in a job either", async () => {
    await using scratch = await repositoryOf(sound, cheap);
    const program = [await merpProgram(), "diff", "--against", "main"];
    const env = { ...process.env, CI: "true", NO_COLOR: "" };
    const child = spawn(process.execPath, program, { cwd: scratch.folder, env });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).toContain("breaks new readers");
    expect(said).not.toContain("\u001b");
  });

  it("ends with 141 when the reader of its output closes the pipe", async () => {
    await using scratch = await repositoryOf(sound, cheap);
    const program = [await merpProgram(), "diff", "--against", "main"];
    const child = spawn(process.execPath, program, { cwd: scratch.folder, stdio: ["ignore", "pipe", "ignore"] });
    child.stdout?.destroy();
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(141);
  });
});
