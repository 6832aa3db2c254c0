import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCommand } from "../../../codegen/cli/bundle.js";
import { docsCommand } from "../../../codegen/cli/docs.js";
import { sound } from "../catalogue.js";
import type { Outcome } from "../scratch.js";
import { runCommand } from "./command.js";
import { PackageProject, paid } from "./package-project.js";

let project: PackageProject;

beforeAll(async () => {
  project = await PackageProject.create();
});

afterAll(() => project[Symbol.asyncDispose]());

const run = (command: Command, ...parameters: readonly string[]): Promise<Outcome> =>
  project.within(() => runCommand(command, ...parameters));

describe("the folder of a package", { timeout: 60_000 }, () => {
  it("removes what it wrote and is no longer made, and touches no other file", async () => {
    await project.make({ ...sound, "events/order.paid.json": paid });
    await project.write("out/notes.txt", "mine");
    await project.write("out/node_modules/a/index.js", "mine");
    const { stdout } = await project.make(sound);
    expect(stdout).toContain("5 removed");
    expect((await readdir(project.path("out/dist/events"))).sort()).toEqual(["order.placed.d.ts", "order.placed.js"]);
    expect(await project.read("out/notes.txt")).toBe("mine");
    // Whatever lies in these folders is published.
    await project.write("out/dist/own.js", "mine");
    const refused = await project.make(sound);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^refused .*: out\/dist\/own\.js\n$/)]);
    await rm(project.path("out/dist/own.js"));
    await project.write(
      "out/manifest.json",
      JSON.stringify({ form: "package", schemas: "../schemas", files: ["../package.json", "notes.txt"] }),
    );
    await project.make(sound);
    expect([await project.read("out/notes.txt"), await project.read("package.json")]).toEqual([
      "mine",
      expect.stringContaining("shop"),
    ]);
  });

  it("goes into no folder of generated code, documentation or bundled schemas, nor these into its own", async () => {
    const writers: readonly (readonly [string, string, (out: string) => Promise<Outcome>])[] = [
      ["code", "generated code", () => project.merp()],
      ["site", 'documentation in the form "site"', (out) => run(docsCommand, "--out", out, "--history", "0")],
      ["bundled", "bundled schemas", (out) => run(bundleCommand, "--out", out)],
      ["package", "a package", (out) => project.merp("--package", out)],
    ];
    // Code goes where the setting says.
    const into = async (write: (out: string) => Promise<Outcome>, out: string): Promise<Outcome> => {
      await project.writeSchemas({ "catalogue.json": { ...sound["catalogue.json"], output: `../${out}` } });
      return write(out);
    };
    for (const [folder, , write] of writers) expect([folder, (await into(write, folder)).code]).toEqual([folder, 0]);
    for (const [name, , write] of writers) {
      for (const [folder, holding] of writers) {
        const { code, stderr } = await into(write, folder);
        const told =
          name === folder ? "" : expect.stringContaining(`holds ${holding} already; give each a folder of its`);
        expect([name, folder, code, stderr]).toEqual([name, folder, name === folder ? 0 : 1, told]);
      }
    }
  });

  it("says what hinders it, and writes nothing", async () => {
    await rm(project.path("out"), { recursive: true, force: true });
    await project.write("taken/README.md", "mine");
    await project.write("file", "mine");
    await mkdir(project.path("elsewhere"));
    await symlink(project.path("elsewhere"), project.path("link"));
    const told = async (...parameters: readonly string[]): Promise<string> =>
      (await project.merp("--package", ...parameters)).stderr;
    expect(await told("taken")).toMatch(/^refused .*taken\/README\.md/);
    expect(await told("file")).toMatch(/^failed E\w+: .*file/);
    expect(await told("link")).toMatch(/^refused .*leads through the link link/);
    expect(await told("schemas/x")).toMatch(/^refused the folder of the package must be a folder of its own/);
    expect(await told(join(project.folder, ".."))).toMatch(/^refused the folder of the package is outside the project/);
    expect(await told("new", "--package-name", "Shop")).toMatch(/^refused "Shop" is no name of a package/);
    expect(await project.merp("--package", "new", "--schemas", "nowhere")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("does not exist"),
    });
    process.env["REFUSES"] = "1";
    expect(await told("new")).toMatch(/does not compile with the project's TypeScript 5\.9\.0.*error TS1/);
    delete process.env["REFUSES"];
    await rm(project.path("node_modules/@m-erp"), { recursive: true });
    expect(await told("new")).toContain("@m-erp/messaging, which is not installed: npm install @m-erp/messaging");
    await project.writeSchemas({ "types/broken.json": "{" });
    expect(await told("new")).toMatch(/invalid JSON.*\n --> schemas\/types\/broken\.json:1:\d+/);
    expect(await readdir(project.folder)).not.toContain("new");
  });
});
