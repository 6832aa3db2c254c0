import { execFileSync } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sound } from "../catalogue.js";
import { PackageProject, paid } from "./package-project.js";

const order = sound["types/order.json"];
const event = sound["events/order.placed.json"];
const { properties } = order;

let project: PackageProject;

beforeAll(async () => {
  project = await PackageProject.create();
});

afterAll(() => project[Symbol.asyncDispose]());

describe("merp generate --package", { timeout: 60_000 }, () => {
  it("writes a package with entries by kind, the schemas, a licence, and what it is to be used with", async () => {
    expect(await project.make(sound, "--package-name", "@shop/catalogue")).toMatchObject({
      code: 0,
      stdout:
        "packaged @shop/catalogue 0.1.0 with 1 message, the first release, into out: 33 written, 0 removed, 0 unchanged\n",
    });
    expect(JSON.parse(await project.read("out/package.json"))).toEqual({
      name: "@shop/catalogue",
      version: "0.1.0",
      description: "The messages of shop, as typed functions.",
      license: "MIT",
      repository: "github:shop/shop",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19" },
      files: ["dist", "schemas", "CHANGELOG.md"],
      exports: {
        ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
        "./testing": { types: "./dist/testing.d.ts", default: "./dist/testing.js" },
        "./events": { types: "./dist/index.events.d.ts", default: "./dist/index.events.js" },
        "./schemas/*.json": "./schemas/*.json",
        "./package.json": "./package.json",
      },
      peerDependencies: { "@m-erp/messaging": "^0.1.3" },
    });
    // The catalogue's own path to the runtime leads nowhere in a package.
    expect(await project.read("out/dist/events/order.placed.js")).toContain('from "@m-erp/messaging/runtime"');
    expect(await project.read("out/dist/index.events.js")).toContain('export * from "./events/order.placed.js";');
    expect(await project.read("out/schemas/types/order.json")).toBe(await project.read("schemas/types/order.json"));
    expect(await project.read("out/LICENSE")).toBe("MIT\n");
    expect(await project.read("out/README.md")).toContain("| `order.placed` | A customer placed an order. |");
    await cp(project.path("out"), project.path("node_modules/@shop/catalogue"), { recursive: true });
    expect(await project.make(sound, "--package-name", "@shop/catalogue")).toMatchObject({
      stdout: expect.stringContaining("0 written, 0 removed, 33 unchanged"),
    });
  });

  it("derives the version from what changed since the last release, and lists each change with its verdict", async () => {
    const since = ["--since", "@shop/catalogue"];
    const described = {
      ...sound,
      "events/order.placed.json": { ...event, description: "Somebody *placed* <an> order." },
    };
    const added = { ...sound, "events/order.paid.json": paid };
    const tight = {
      ...sound,
      "types/order.json": { ...order, properties: { ...properties, total: { type: "number", maximum: 99 } } },
    };
    const source = { ...sound, "types/order.json": { ...order, title: "Purchase" } };
    const unused = { ...sound, "types/extra.json": { title: "Extra", type: "object", properties: {} } };
    const gone = {
      ...sound,
      "types/order.json": { ...order, $defs: { OrderId: order.$defs.OrderId, More: { type: "string" } } },
    };
    const versions = [];
    for (const schemas of [sound, described, added, source, unused, gone]) {
      versions.push((await project.make(schemas, ...since)).version);
    }
    expect(versions).toEqual([undefined, "0.1.1", "0.2.0", "0.2.0", "0.2.0", "0.2.0"]);
    expect(await project.read("out/package.json")).toContain('"name": "@shop/catalogue"');

    await project.make(tight, ...since);
    await cp(project.path("out"), project.path("one"), { recursive: true });
    await project.make(
      { ...tight, "events/order.paid.json": { ...paid, description: "x *y* <b>" } },
      "--since",
      "./one",
    );
    expect(await project.read("out/CHANGELOG.md")).toBe(`# Changelog

## 0.3.0

### Added

- \`order.paid\` (event): the event order.paid was added — **safe**

## 0.2.0

### Breaking

- \`order.placed\` (event): maximum is 99, and was not given — **breaks new readers**. Instead: keep the wide limit in a form of "anyOf" with "tolerated": true, which is read and never written. Deploy: writers first: then the readers, once no old message lies in a stream, is pending, parked or a dead letter.

## 0.1.0

The first release, with 1 message.
`);
    expect(await project.read("out/README.md")).toContain("| `order.paid` | x \\*y\\* \\<b\\> |");
  });

  it("counts from 1.0.0 on what breaks as major, and is asked for more, never for less", async () => {
    const manifest = JSON.parse(await project.read("node_modules/@shop/catalogue/package.json")) as object;
    await cp(project.path("node_modules/@shop/catalogue"), project.path("stable"), { recursive: true });
    await project.write("stable/package.json", JSON.stringify({ ...manifest, version: "1.4.2" }));
    const since = ["--since", "./stable"];
    const tight = {
      ...sound,
      "types/order.json": { ...order, properties: { total: { type: "number", maximum: 99 } } },
    };
    expect((await project.make(tight, ...since)).version).toBe("2.0.0");
    expect((await project.make(tight, ...since, "--release-as", "3.0.0")).version).toBe("3.0.0");
    expect((await project.make(sound, ...since, "--release-as", "patch")).version).toBe("1.4.3");
    expect(await project.read("out/CHANGELOG.md")).toContain("## 1.4.3\n\nNo message differs from 1.4.2.");
    const before = await project.read("out/package.json");
    for (const [asked, told] of [
      ["minor", "ask for 2.0.0 at least, so they cannot be released as 1.5.0"],
      ["soon", "--release-as takes major, minor, patch or a version such as 1.2.0"],
    ] as const) {
      const { code, stderr } = await project.make(tight, ...since, "--release-as", asked);
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^refused .*${told}`))]);
    }
    const same = await project.make(sound, ...since, "--release-as", "1.4.2");
    expect(same.stderr).toMatch(/^refused 1\.4\.2 was released already/);
    expect(await project.make(sound, ...since)).toMatchObject({
      code: 0,
      stdout: "nothing to release the catalogue is as it was in ./stable; nothing was written\n",
    });
    expect(await project.read("out/package.json")).toBe(before);
    // Another runtime changes what a service has to install.
    await project.install("@m-erp/messaging", { version: "0.2.0" });
    expect((await project.make(sound, ...since)).version).toBe("2.0.0");
    expect(await project.read("out/CHANGELOG.md")).toContain("- needs @m-erp/messaging ^0.2.0, and needed ^0.1.3");
    await project.install("@m-erp/messaging", { version: "0.1.3", engines: { node: ">=20.19" } });
  });

  it("finds the last release in a tag, or in a commit that has the package, and refuses what was not released", async () => {
    const git = (...parameters: readonly string[]): string => {
      const who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
      return execFileSync("git", ["-C", project.folder, ...who, ...parameters], { encoding: "utf8", stdio: "pipe" });
    };
    await rm(project.path("out"), { recursive: true });
    await project.make(sound);
    git("init", "-q", "-b", "main");
    git("add", "schemas");
    git("commit", "-qm", "a");
    git("tag", "shop-v2.3.4");
    const more = { ...sound, "events/order.paid.json": paid };
    expect((await project.make(more, "--since", "shop-v2.3.4")).version).toBe("2.4.0");
    const { code, stderr } = await project.make(more, "--since", "main");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("nothing says which version was released at main: give a tag"),
    ]);
    expect((await project.make(more, "--since", "v9.9.9")).stderr).toContain(
      'there is nothing called "v9.9.9" to compare with',
    );
    expect((await project.make(more, "--since", "@shop/catalogue@9.9.9")).stderr).toContain(
      "npm install --no-save @shop/catalogue@9.9.9, then --since @shop/catalogue",
    );
    await cp(project.path("schemas"), project.path("loose/schemas"), { recursive: true });
    expect((await project.make(more, "--since", "./loose/schemas")).stderr).toContain(
      "it has no package.json with a version",
    );
    expect((await project.make(more)).stderr).toContain(
      "the folder holds version 2.4.0, so this is not the first release",
    );
    await project.make(sound);
    await rm(project.path("out"), { recursive: true });
    await project.make(sound);
    git("add", "out");
    git("commit", "-qm", "b");
    expect((await project.make(more, "--since", "main")).version).toBe("0.2.0");
    expect(await project.read("out/CHANGELOG.md")).toContain("## 0.1.0\n\nThe first release");
  });
});
