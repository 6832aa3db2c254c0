import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { operatorCommands } from "../../../runtime/cli/commands.js";
import { commandNames, generatorCommands, overviewText } from "../../../runtime/cli/overview.js";
import { repository } from "../../codegen/scratch.js";
import { bundleOf } from "../../support/program-bundle.js";

it("lists every command of both packages, and no other", async () => {
  const program = await readFile(join(repository, "codegen/cli/index.ts"), "utf8");
  const ofGenerator = [...program.matchAll(/^ {2}(\w+): async/gm)].map(([, name]) => name);
  expect(generatorCommands).toEqual(ofGenerator);
  expect([...commandNames].sort()).toEqual([...Object.keys(operatorCommands), ...ofGenerator, "dev"].sort());
});

it("fits a terminal of 40 columns, and names the generator where it is missing", () => {
  vi.stubEnv("NO_COLOR", "1");
  const lines = overviewText(40, true).split("\n");
  expect(lines.filter((line) => line.length > 40)).toEqual([]);
  expect(overviewText(Number.POSITIVE_INFINITY, false)).toContain("npm install -D @m-erp/messaging-codegen");
  vi.unstubAllEnvs();
});

it("says what a misspelt command may have meant, and how one is used that is incomplete", async () => {
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const merp = (command: string, settings = {}): readonly [number | null, string] => {
    const { status, stderr } = spawnSync(process.execPath, [program, ...command.split(" ")], {
      env: { PATH: process.env["PATH"], ...settings },
      encoding: "utf8",
    });
    return [status, stderr];
  };
  expect(merp("stauts")).toEqual([2, "error: merp has no command stauts; did you mean status?\n"]);
  expect(merp("pause events")).toEqual([
    2,
    "error: missing required argument 'group'\n(--help tells how it is used)\n",
  ]);
});
