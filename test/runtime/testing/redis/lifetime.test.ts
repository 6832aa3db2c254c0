import { existsSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { startChild } from "../../../support/child.js";
import { eventually } from "../../../support/eventually.js";

interface Held {
  readonly pid: number;
  readonly folder: string;
}

const holder = new URL("./holder.ts", import.meta.url);

/** One that has ended and that nobody has waited for is gone, too: where that happens, init may take its time. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc") || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function expectGone({ pid, folder }: Held): Promise<void> {
  await eventually(() => !lives(pid), Boolean, { what: "the end of Redis" });
  await eventually(() => !existsSync(folder), Boolean, { what: "the end of its folder" });
}

describe("a private Redis", () => {
  it.each(["until-killed", "paused"])("is gone with its folder when its program is killed (%s)", async (howLong) => {
    await using program = await startChild<Held & { paused?: true }>(holder, { arguments: ["start", howLong] });
    const held = await program.next();
    if (howLong === "paused") {
      await program.next(({ paused }) => paused === true);
    }
    expect(lives(held.pid)).toBe(true);
    expect(existsSync(held.folder)).toBe(true);
    program.kill("SIGKILL");
    expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
    await expectGone(held);
  });

  it("does not keep its program from ending, and ends with it, when nobody stops it", async () => {
    await using program = await startChild<Held>(holder, { arguments: ["start", "forget"] });
    const held = await program.next();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    await expectGone(held);
  });

  it("is waited for by stop(), also in a program that has nothing else to do", async () => {
    await using program = await startChild<Held & { stopped?: true }>(holder, { arguments: ["start", "stop"] });
    const held = await program.next();
    await program.next(({ stopped }) => stopped === true);
    expect(lives(held.pid)).toBe(false);
    expect(existsSync(held.folder)).toBe(false);
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });
});
