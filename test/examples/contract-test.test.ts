import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { userCreated } from "../../generated/index.js";
import { contractMatchers, exampleUserCreated } from "../../generated/testing.js";
import { runInstalled } from "../package/program.js";

expect.extend(contractMatchers);

const examples = fileURLToPath(new URL("../../examples", import.meta.url));

test("the examples' own tests pass under vitest as they stand", async () => {
  const output = await runInstalled("vitest", ["run", "--config", `${examples}/vitest.config.ts`]);

  expect(output).toMatch(/Tests {2}12 passed/);
}, 120_000);

test("the README shows one of its files as it stands", async () => {
  const [readme, shown] = await Promise.all([
    readFile(new URL("../../README.md", import.meta.url), "utf8"),
    readFile(`${examples}/contract-test/welcome.test.ts`, "utf8"),
  ]);
  expect(readme).toContain(`\`\`\`ts\n${shown}\`\`\`\n`);
});

test("the matcher names every violation", () => {
  const message = { ...exampleUserCreated(), entity_id: "124", after_data: { email: "grace at example.com" } };

  expect(() => expect(message).toKeepContract(userCreated)).toThrow(/entity_id .*; .*after_data\.email/s);
});

test("the matcher takes a contract, and TypeScript holds it to that", () => {
  // @ts-expect-error: a type's name is no contract
  expect(() => expect(exampleUserCreated()).toKeepContract("user.created")).toThrow();
});
