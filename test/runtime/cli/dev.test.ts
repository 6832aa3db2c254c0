import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dev } from "../../../runtime/cli/dev/dev.js";
import { sound } from "../../codegen/catalogue.js";
import { merpProgram, repository, Scratch } from "../../codegen/scratch.js";
import { eventually } from "../../support/eventually.js";
import { bundleOf } from "../../support/program-bundle.js";

/** All that was printed by what runs in this process. */
let printed = "";

beforeEach(() => {
  printed = "";
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the command in this process. Returns what was printed meanwhile. */
async function running(...parameters: readonly string[]): Promise<{ code: number; said: string }> {
  const before = printed.length;
  const code = await dev(parameters, undefined);
  return { code, said: printed.slice(before) };
}

const url = (said: string): string => /^REDIS_URL=(\S+)$/m.exec(said)?.[1] ?? "";

/** A program that keeps a value in its Redis, beside one that is there already. */
const client = `
const { Redis } = require("ioredis");
const redis = new Redis(process.env.REDIS_URL);
redis.append("log", "x").then((n) => process.exit(10 + n));
`;
const keeping = [process.execPath, "-e", client];

async function isGone(address: string): Promise<boolean> {
  const redis = new Redis(address, { retryStrategy: () => null, lazyConnect: true });
  redis.on("error", () => {});
  return redis.connect().then(
    () => false,
    () => true,
  );
}

describe("merp dev", () => {
  it("runs the command with a Redis of its own, ends with its code, and keeps the data in a folder if it is asked to", async () => {
    await using scratch = await Scratch.create({});
    const folder = scratch.path("data");
    const first = await running("--", ...keeping);
    expect([first.code, first.said]).toEqual([
      11,
      expect.stringMatching(/^(redis|valkey) \S+ on port \d+, in memory only$/m),
    ]);
    expect(await isGone(url(first.said))).toBe(true);
    expect((await running("--persist", folder, "--", ...keeping)).code).toBe(11);
    const { port } = new URL(url(first.said));
    const again = await running("--persist", folder, "--port", port, "--", ...keeping);
    expect([again.code, url(again.said)]).toEqual([12, `redis://127.0.0.1:${port}`]);
  });

  it("uses a Redis that runs already, and leaves it alone; a second one cannot have its port or its data", async () => {
    await using scratch = await Scratch.create({});
    const folder = scratch.path("data");
    const outer = running("--persist", folder);
    await eventually(() => url(printed));
    const to = new URL(url(printed));
    expect((await running("--redis-url", to.href, "--", ...keeping)).code).toBe(11);
    const taken = await running("--port", to.port);
    expect([taken.code, taken.said]).toEqual([1, expect.stringMatching(/^failed port \d+ is taken; give another one/)]);
    const used = await running("--persist", folder);
    expect([used.code, used.said]).toEqual([
      1,
      expect.stringMatching(/^failed .* is used by another merp dev, process \d+/),
    ]);
    const unknown = await running("--", "no-such-program");
    expect([unknown.code, unknown.said]).toEqual([127, expect.stringContaining("failed no-such-program cannot be")]);
    const admin = new Redis(to.href, { retryStrategy: () => null });
    await admin.shutdown("NOSAVE").catch(() => {});
    admin.disconnect();
    const { code, said } = await outer;
    expect([code, said]).toEqual([1, expect.stringContaining("failed the Redis has ended")]);
  });

  it("says what is wrong with its arguments", async () => {
    for (const [parameters, sentence] of [
      [["--port", "0"], "--port takes a number from 1 to 65535, not 0"],
      [["--redis-url", "localhost"], "--redis-url takes the URL of a Redis"],
      [["--redis-url", "redis://a", "--port", "1"], "leave --port and --persist out"],
      [["--redis-url", "redis://a"], "there is nothing to run"],
      [["--"], "there is no command after --"],
      [["--what"], "Unknown option '--what'"],
      [["npm", "start"], "Unexpected argument 'npm'"],
    ] as const) {
      const { code, said } = await running(...parameters);
      expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
      expect(said).toMatch(/^failed /m);
    }
    expect(await running("--help")).toEqual({ code: 0, said: expect.stringContaining("merp dev [--port") });
  });

  it("generates before the command runs and at each change, and stops all of it at a signal", async () => {
    await using scratch = await Scratch.create(sound);
    const generator = `import ${JSON.stringify(await merpProgram())};\n`;
    await scratch.write("package.json", "{}");
    await scratch.write("node_modules/@m-erp/messaging-codegen/merp.mjs", generator);
    await scratch.write(
      "node_modules/@m-erp/messaging-codegen/package.json",
      JSON.stringify({ bin: { "merp-codegen": "./merp.mjs" } }),
    );
    await scratch.write(
      "service.mjs",
      `
import { existsSync } from "node:fs";
console.log("service", existsSync("generated/index.ts"), process.env.REDIS_URL);
process.on("SIGTERM", () => { console.log("service stops"); process.exit(0); });
setInterval(() => {}, 1000);
`,
    );
    const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
    const parameters = [program, "dev", "--", process.execPath, "service.mjs"];
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn(process.execPath, parameters, { cwd: scratch.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const saying = (text: RegExp): Promise<unknown> =>
      eventually(() => text.test(said), Boolean, { withinMs: 60_000, what: text.source });
    try {
      await saying(/^service true redis:/m);
      expect(said).toMatch(/REDIS_URL=(\S+)\n[\s\S]*generated 1 message[\s\S]*service true \1\n/);
      const order = sound["types/order.json"];
      await scratch.writeSchemas({
        "types/order.json": { ...order, properties: { ...order.properties, urgent: { type: "boolean" } } },
      });
      await saying(/^types\/order\.json: generated/m);
      expect(await readFile(scratch.path("generated/types/order.ts"), "utf8")).toContain("urgent");
      const address = url(said);
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([143, null]);
      expect(said).toContain("service stops");
      expect(await isGone(address)).toBe(true);
    } finally {
      child.kill("SIGKILL");
    }
  }, 120_000);
});
