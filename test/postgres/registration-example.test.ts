import { expect, test } from "vitest";
import { run } from "../package/program.js";

test("the example of a saga registers one company, and undoes what it did for the one that is refused", async () => {
  const program = "examples/registration/main.ts";
  const output = await run("npx", ["tsx", "--tsconfig", "examples/tsconfig.json", program]);
  const kept = "users      ada@example.com\ncompanies  Analytical Engines\npartners   Analytical Engines\n";
  expect(output).toContain(`ada@example.com of Analytical Engines\nis done\n${kept}`);
  const why = "create_partner was refused: Evil Corp is on the list of embargoes";
  expect(output).toContain(`mallory@example.com of Evil Corp\nis undone, because ${why}\n${kept}`);
}, 120_000);
