import { join } from "node:path";
import { expect, it } from "vitest";
import { repository, Scratch } from "../codegen/scratch.js";

const service = `
import { createMessaging } from ${JSON.stringify(join(repository, "generated/index.js"))};

const messaging = createMessaging({ service: "audit" });
messaging.on("user.creatd", () => {});
messaging.on("usr.*", () => {});
messaging.on("zebra.*", () => {});
`;

it("the compiler names the events near a pattern that matches none", async () => {
  await using scratch = await Scratch.create({});
  await scratch.write("service.ts", service);
  const { code, stdout } = await scratch.tsc();
  expect(code).not.toBe(0);
  const demands = [...stdout.matchAll(/'"([^"]+)"' is not assignable to parameter of type '([^']+)'/g)];
  const near = '"user.*" | "user.created" | "user.deleted"';
  expect(demands.map(([, given, wanted]) => [given, wanted])).toEqual([
    ["user.creatd", expect.stringContaining(near)],
    ["usr.*", expect.stringContaining(near)],
    ["zebra.*", "Pattern<EventMap>"],
  ]);
  expect(demands[0]?.[2]).not.toContain("company.");
});
