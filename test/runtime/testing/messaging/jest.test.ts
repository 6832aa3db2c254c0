import { afterAll, expect, it, vi } from "vitest";

const runner = globalThis as { expect?: unknown };
const before = runner.expect;

afterAll(() => {
  runner.expect = before;
});

it("the entry for Jest adds the matchers to the global expect, and says what to do where there is none", async () => {
  const extend = vi.fn();
  runner.expect = { extend };
  await import("../../../../runtime/testing/runner/jest.js");
  expect(Object.keys(extend.mock.calls[0]?.[0])).toEqual([
    ...["toKeepContract", "toHavePublished", "toHaveSent", "toHaveHandled", "toHaveDeadLettered"],
  ]);

  vi.resetModules();
  runner.expect = undefined;
  await expect(import("../../../../runtime/testing/runner/jest.js")).rejects.toThrow("setupFilesAfterEnv");
});
