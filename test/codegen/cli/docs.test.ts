import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { docsCommand } from "../../../codegen/cli/docs.js";
import { generateCommand } from "../../../codegen/cli/generate.js";
import { type Files, sound } from "../catalogue.js";
import { hard, starter } from "../docs/catalogue.js";
import { type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();

async function within<Result>({ folder }: Scratch, run: () => Promise<Result>): Promise<Result> {
  process.chdir(folder);
  try {
    return await run();
  } finally {
    process.chdir(home);
  }
}

function docs(scratch: Scratch, ...parameters: readonly string[]): Promise<Outcome> {
  return within(scratch, () => runCommand(docsCommand, ...parameters));
}

async function project(files: Files): Promise<Scratch> {
  const scratch = await Scratch.create(files);
  await scratch.write("package.json", '{ "version": "1.2.3" }\n');
  return scratch;
}

const filesIn = (scratch: Scratch, folder: string): readonly string[] =>
  readdirSync(scratch.path(folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.\w+$/.test(name))
    .sort();

describe("merp docs", () => {
  it("writes a site, changes nothing the second time, and removes the pages of what is gone, and no other file", async () => {
    await using scratch = await project({ ...starter, "types/a.json": { title: "A", type: "string" } });
    expect(await docs(scratch)).toEqual({
      code: 0,
      stdout:
        "documented 3 messages in docs-site/index.html: 13 written, 0 removed, 0 unchanged\nThere is no history: the schemas are in no git repository.\n",
      stderr: "",
    });
    expect((await docs(scratch)).stdout).toContain("0 written, 0 removed, 13 unchanged");
    await writeFile(scratch.path("docs-site/own.html"), "<p>Mine");
    await writeFile(scratch.path("docs-site/types/a.html"), "<p>Mine now");
    await rm(scratch.path("schemas/types/a.json"));
    await rm(scratch.path("schemas/notifications"), { recursive: true });
    expect((await docs(scratch)).code).toBe(0);
    expect(filesIn(scratch, "docs-site")).toContain("own.html");
    expect(filesIn(scratch, "docs-site")).toContain("types/a.html");
    expect(existsSync(scratch.path("docs-site/notifications"))).toBe(false);
  });

  it("refuses folders that are not its own, and writes nothing", async () => {
    await using scratch = await project(sound);
    await within(scratch, () => runCommand(generateCommand));
    await scratch.write("mine/index.html", "<p>Mine");
    expect((await docs(scratch)).code).toBe(0);
    for (const [parameters, sentence] of [
      [
        ["--out", "schemas/site"],
        "refused the folder schemas/site must be a folder of its own, neither in nor around the schemas folder",
      ],
      [["--out", ".."], "refused the folder .. is outside the project"],
      [
        ["--out", "generated"],
        "refused the folder generated holds generated code already; give each a folder of its own",
      ],
      [
        ["--out", "docs-site", "--format", "asyncapi"],
        'refused the folder docs-site holds documentation in the form "site" already',
      ],
      [
        ["--out", "mine"],
        "refused merp does not overwrite files that it did not generate; move them or change the output: mine/index.html",
      ],
      [["--services", "missing.json"], "cannot be read (ENOENT); give a file of JSON\n --> missing.json:1:1"],
      [["--services", "mine"], "cannot be read (EISDIR); give a file of JSON\n --> mine:1:1"],
      [["--schemas", "missing"], "the folder does not exist"],
    ] as const) {
      const { code, stdout, stderr } = await docs(scratch, ...parameters);
      expect([code, stdout], parameters.join(" ")).toEqual([1, ""]);
      expect(stderr).toContain(sentence);
    }
    expect(filesIn(scratch, "mine")).toEqual(["index.html"]);
    const generate = await within(scratch, () => runCommand(generateCommand, "--check"));
    expect(generate.code).toBe(0);
  });

  it("fails without a stack where it may not write", async () => {
    await using scratch = await project(sound);
    await scratch.write("locked/file", "");
    chmodSync(scratch.path("locked"), 0o500);
    // Root may write everywhere, but not below a file.
    const { code, stderr } = await docs(scratch, "--out", "locked/file/site");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^failed ENOTDIR|^failed EACCES/);
  });

  it("names services that cannot be, and types that no message has, with what may be meant", async () => {
    const services = {
      shop: { publishes: ["order.palced"], handels: [] },
      "a b": {},
      audit: { handles: "order.placed" },
    };
    await using scratch = await project({ ...sound, "catalogue.json": { name: "shop", services } });
    const { code, stderr } = await docs(scratch);
    expect(code).toBe(1);
    for (const [sentence, place, hint = ""] of [
      ['the catalogue has no message of the type "order.palced"', "/services/shop/publishes/0", "order.placed"],
      ['"handels" is not known of a service', "/services/shop/handels", "handles"],
      ["the name of a service has letters, digits, - . or _ only", "/services/a b"],
      ["must be a list of message types", "/services/audit/handles"],
    ] as const) {
      const said = stderr.slice(stderr.indexOf(sentence)).split("\n\n")[0];
      expect(said).toMatch(new RegExp(` --> schemas/catalogue\\.json:\\d+:\\d+ ${place}$`, "m"));
      expect(said).toContain(hint);
    }
    expect(stderr).toContain("4 problems; nothing was written");
    expect((await within(scratch, () => runCommand(generateCommand))).code).toBe(1);
    await scratch.writeSchemas({ "catalogue.json": sound["catalogue.json"] });
    await scratch.write(
      "observed.json",
      JSON.stringify({ mail: { handles: ["order.placed"] }, x: { handles: ["y"] } }),
    );
    const observed = await docs(scratch, "--services", "observed.json");
    expect(observed.stderr).toContain('the catalogue has no message of the type "y"');
    expect(observed.stderr).toMatch(/--> observed\.json:1:\d+ \/x\/handles\/0\n/);
    await scratch.write("observed.json", JSON.stringify({ mail: { handles: ["order.placed"] } }));
    expect((await docs(scratch, "--services", "observed.json")).code).toBe(0);
    expect(await readFile(scratch.path("docs-site/service-mail.html"), "utf8")).toContain("order.placed");
  });

  it("writes AsyncAPI and the files of EventCatalog into folders of their own", async () => {
    await using scratch = await project(hard);
    for (const [format, file] of [
      ["asyncapi", "asyncapi.json"],
      ["eventcatalog", "events/OrderPlaced/index.mdx"],
    ] as const) {
      const { code, stderr } = await docs(scratch, "--format", format, "--out", `docs-${format}`);
      expect([code, stderr]).toEqual([0, ""]);
      expect(await readFile(scratch.path(`docs-${format}/${file}`), "utf8")).toContain("1.2.3");
    }
  });

  it("tells the history of each message from git, with the verdict of each commit, also of a shallow clone", async () => {
    await using scratch = await project(sound);
    const { folder } = scratch;
    const git = (...parameters: readonly string[]): void => {
      const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
      const dates = { GIT_AUTHOR_DATE: "2026-11-23T12:00:00Z", GIT_COMMITTER_DATE: "2026-11-23T12:00:00Z" };
      execFileSync("git", [...who, ...parameters], { cwd: folder, env: { ...process.env, ...dates }, stdio: "pipe" });
    };
    const type = (properties: object): Files => ({ "types/order.json": { ...sound["types/order.json"], properties } });
    const { total, note } = sound["types/order.json"].properties;
    git("init", "-q", "-b", "main");
    git("add", ".");
    git("commit", "-qm", "Place orders");
    await scratch.writeSchemas(type({ total: { ...total, maximum: 99 }, note }));
    git("commit", "-qam", "Limit <b>totals</b>");
    await scratch.write("schemas/types/order.json", "{");
    git("commit", "-qam", "Break it");
    await scratch.writeSchemas(type({ total: { ...total, maximum: 99 }, note, place: { type: "string" } }));
    git("commit", "-qam", "Mend it");
    await scratch.writeSchemas(
      type({ total: { ...total, maximum: 99 }, note, place: { type: "string", deprecated: true } }),
    );

    const toldOf = async (): Promise<readonly string[]> => {
      const page = await readFile(scratch.path("docs-site/events/order.placed.html"), "utf8");
      const [, history = ""] = /<h2 id=":history-title">.*?<\/h2>(.*?)<\/section>/s.exec(page) ?? [];
      return history
        .split(/<\/?li>/)
        .map((item) =>
          item
            .replace(/<[^>]*>/g, " ")
            .replace(/\b[0-9a-f]{10}\b/, "COMMIT")
            .replace(/\s+/g, " ")
            .trim(),
        )
        .filter((item) => item !== "");
    };
    expect((await docs(scratch)).stderr).toBe("");
    expect(await toldOf()).toEqual([
      "Not committed yet",
      "safe deprecated differs /properties/place/deprecated documentation-changed",
      "2026-11-23 COMMIT Mend it",
      "safe the property place was added /properties/place property-added",
      "2026-11-23 COMMIT Limit &lt;b&gt;totals&lt;/b&gt;",
      "breaks new readers maximum is 99, and was not given /properties/total/maximum limit-tightened",
      "2026-11-23 COMMIT Place orders",
      "safe the event order.placed was added message-added",
    ]);
    const once = await readFile(scratch.path("docs-site/events/order.placed.html"), "utf8");
    await rm(scratch.path("docs-site"), { recursive: true });
    await docs(scratch);
    expect(await readFile(scratch.path("docs-site/events/order.placed.html"), "utf8")).toBe(once);

    expect((await docs(scratch, "--history", "2")).stdout).toContain(
      "Older commits than the last 2 that changed a schema are left out.",
    );
    expect((await toldOf()).at(-3)).toBe("2026-11-23 COMMIT Mend it");
    expect((await docs(scratch, "--history", "0")).stdout).toContain("The history is left out.");
    expect(await toldOf()).toEqual(["The history is left out."]);
    git("clone", "-q", "--depth", "1", `file://${folder}`, "clone");
    await within(scratch, async () => {
      process.chdir("clone");
      const shallow = await runCommand(docsCommand);
      expect(shallow.stdout).toContain("The repository is a shallow clone, so older commits are missing.");
    });
  }, 60_000);
});
