// `npm run bench:growth`: how long the generator takes for ever larger catalogues, into docs/schemas.md.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { optimizeLate } from "../../codegen/cli/engine.js";
import { CatalogueError, compile } from "../../codegen/index.js";
import { sourcesOf } from "../../codegen/load/load.js";
import { sound, textsOf } from "../codegen/catalogue.js";
import { type Shape, shapes } from "../codegen/growth/shape.js";
import { writeBetween } from "./document.js";
import { spreadOf } from "./statistics.js";

const PARTS = [1 / 8, 1 / 4, 1 / 2, 1];
const ROUNDS = 3;

const [name, size] = process.argv.slice(2);
if (name === undefined) writeBetween("docs/schemas.md", "growth", table());
else
  process.stdout.write(
    `${await measure(
      shapes.find((shape) => shape.name === name),
      Number(size),
    )}\n`,
  );

/**
 * The seconds of processor time that one catalogue takes, in a process that has generated a small one before, and whose
 * engine is set up as that of `merp`.
 */
async function measure(shape: Shape | undefined, size: number): Promise<number> {
  optimizeLate();
  const texts = textsOf(shape?.of(size) ?? sound);
  await compile(sourcesOf(textsOf(sound), "schemas"), "schemas");
  const before = process.cpuUsage();
  await compile(sourcesOf(texts, "schemas"), "schemas").catch((error: unknown) => {
    if (!(error instanceof CatalogueError)) throw error;
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function table(): string {
  const rows = shapes.map((shape) => {
    const points = PARTS.map((part) => {
      const step = Math.round(shape.largest * part);
      return `${step.toLocaleString("en")}: ${seconds(shape, step).toFixed(2)} s`;
    });
    process.stdout.write(`${shape.name}: ${points.join(", ")}\n`);
    return `| ${shape.name} | ${points.join(" | ")} |`;
  });
  return ["| How many | | | | |", "|---|--:|--:|--:|--:|", ...rows].join("\n");
}

function seconds({ name }: Shape, step: number): number {
  const program = ["--import", import.meta.resolve("tsx"), fileURLToPath(import.meta.url), name, `${step}`];
  const run = (): number => Number(execFileSync(process.execPath, program, { encoding: "utf8" }));
  return spreadOf(Array.from({ length: ROUNDS }, run)).median;
}
