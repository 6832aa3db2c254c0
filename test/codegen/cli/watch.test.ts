import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { watch } from "../../../codegen/cli/watch.js";
import { eventually } from "../../support/eventually.js";
import { sound } from "../catalogue.js";
import { merpProgram, Scratch } from "../scratch.js";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Puts a file into its place at once, so that it is one change on a slow machine, too. */
async function put(path: string): Promise<void> {
  const beside = await mkdtemp(join(tmpdir(), "merp-watch-"));
  await writeFile(join(beside, "file"), "{}");
  await rename(join(beside, "file"), path);
  await rm(beside, { recursive: true });
}

/** Watches a folder and keeps what it was told, until the test ends. */
async function watching(onChange: () => Promise<void> = async () => {}): Promise<{ told: string[][]; folder: string }> {
  const scratch = await Scratch.create(sound);
  const controller = new AbortController();
  const told: string[][] = [];
  const folder = scratch.path("schemas");
  const done = watch(
    folder,
    async (paths) => {
      told.push([...paths]);
      await onChange();
    },
    controller.signal,
  );
  ends.push(async () => {
    controller.abort();
    await done;
    await scratch[Symbol.asyncDispose]();
  });
  await eventually(() => told.length === 1);
  return { told, folder };
}

describe("watching a folder", () => {
  it("tells of the start, and then of files that are added, changed, renamed and removed, in folders that are new, too", async () => {
    const { told, folder } = await watching();
    expect(told).toEqual([[]]);
    await put(join(folder, "types/order.json"));
    await eventually(() => told.length === 2);
    await mkdir(join(folder, "a/b"), { recursive: true });
    await put(join(folder, "a/b/c.json"));
    await put(join(folder, "a/b/notes.txt"));
    await eventually(() => told.length === 3);
    await rename(join(folder, "a/b/c.json"), join(folder, "a/b/d.json"));
    await eventually(() => told.length === 4);
    await rm(join(folder, "a"), { recursive: true });
    await eventually(() => told.length === 5);
    expect(told.slice(1)).toEqual([["types/order.json"], ["a/b/c.json"], ["a/b/c.json", "a/b/d.json"], ["a/b/d.json"]]);
  });

  it("tells of a change that comes while it is telling, and of many changes at once", async () => {
    let goOn = (): void => {};
    const { told, folder } = await watching(() => new Promise((resolve) => (goOn = resolve)));
    for (let at = 0; at < 5; at++) await put(join(folder, `types/${at}.json`));
    expect(told).toHaveLength(1);
    goOn();
    await eventually(() => told.length === 2);
    expect(told[1]).toEqual([0, 1, 2, 3, 4].map((at) => `types/${at}.json`));
    goOn();
  });

  it("goes on when the folder is removed and comes back", async () => {
    const { told, folder } = await watching();
    await rename(folder, `${folder}-away`);
    await eventually(() => told.length === 2);
    await rename(`${folder}-away`, folder);
    await eventually(() => told.length === 3);
    expect(told[2]).toEqual(["catalogue.json", "envelopes/event.json", "events/order.placed.json", "types/order.json"]);
    await put(join(folder, "types/order.json"));
    await eventually(() => told.length === 4);
  });
});

describe("merp generate --watch", () => {
  it("generates what an edit touches, keeps the last good output while a schema is broken, and ends at Ctrl-C", async () => {
    await using scratch = await Scratch.create(sound);
    // A project, so that each time only what has changed is looked at.
    await scratch.write("package.json", "{}");
    await mkdir(scratch.path("node_modules"));
    const program = [await merpProgram(), "generate", "--watch"];
    const child = spawn(process.execPath, program, { cwd: scratch.folder, env: { ...process.env, NO_COLOR: "1" } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const saying = async (text: string): Promise<string> => {
      await eventually(() => said.includes(text), Boolean, { withinMs: 60_000 });
      return said.split(text)[0] ?? "";
    };
    try {
      await saying("generated 1 message into generated: 12 written, 0 removed, 0 unchanged\n");
      const generated = scratch.path("generated/types/order.ts");
      const order = sound["types/order.json"];
      said = "";
      const noted = { ...order, properties: { ...order.properties, urgent: { type: "boolean" } } };
      await scratch.writeSchemas({ "types/order.json": noted });
      expect(await saying("unchanged\n")).toMatch(
        /^types\/order\.json: generated 1 message into generated: 2 written, 0 removed, 10 $/m,
      );
      const good = await readFile(generated, "utf8");
      expect(good).toContain("urgent?: boolean");

      said = "";
      await scratch.writeSchemas({ "types/order.json": '{ "type": "object", "prop' });
      expect(await saying("nothing was written\n")).toMatch(
        /^error\[syntax\]: invalid JSON.*\n --> schemas\/types\/order\.json:1:/m,
      );
      expect(await readFile(generated, "utf8")).toBe(good);

      said = "";
      await scratch.writeSchemas({ "types/order.json": order });
      await saying("2 written, 0 removed, 10 unchanged\n");
      expect(await readFile(generated, "utf8")).not.toContain("urgent");

      child.kill("SIGINT");
      expect(await once(child, "exit")).toEqual([130, null]);
      expect(await readdir(scratch.path("node_modules/.cache/merp"))).toHaveLength(1);
    } finally {
      child.kill("SIGKILL");
    }
  }, 120_000);
});
