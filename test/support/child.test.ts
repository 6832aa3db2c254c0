import { describe, expect, it } from "vitest";

import { startChild } from "./child.js";
import { eventually } from "./eventually.js";

type Message = { pid?: number; word?: string; colour?: string; said?: unknown };

const echo = new URL("./child-echo.ts", import.meta.url);

describe("a child process", () => {
  it("runs TypeScript with arguments and environment, and messages go both ways", async () => {
    await using child = await startChild<Message>(echo, { arguments: ["hello"], environment: { COLOUR: "red" } });
    expect(await child.next()).toEqual({ pid: child.pid, word: "hello", colour: "red" });
    child.send({ say: 1 });
    child.send({ say: { two: "zwei\n" } });
    expect(await child.next(({ said }) => said !== 1)).toEqual({ said: { two: "zwei\n" } });
    expect(child.messages).toHaveLength(3);
    expect(child.output).toContain("not a message");
  });

  it("tells how it ended: by a code or by a signal", async () => {
    await using leaver = await startChild<Message>(echo);
    await using killed = await startChild<Message>(echo);
    await Promise.all([leaver.next(), killed.next()]);
    leaver.send({ exit: 7 });
    killed.kill();
    expect(await leaver.exited).toEqual({ code: 7, signal: null });
    expect(await killed.exited).toEqual({ code: null, signal: "SIGKILL" });
    await expect(leaver.next()).rejects.toThrow("ended");
    leaver.kill(); // Of one that is gone: nothing happens.
  });

  it("is gone when its test is killed, though it hangs", async () => {
    await using test = await startChild<Message>(new URL("./child-parent.ts", import.meta.url));
    const { pid } = await test.next();
    expect(process.kill(pid as number, 0)).toBe(true);
    test.kill();
    await eventually(() => {
      try {
        return !process.kill(pid as number, 0);
      } catch {
        return true;
      }
    });
  });
});
