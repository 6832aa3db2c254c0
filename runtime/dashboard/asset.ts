import { readFileSync } from "node:fs";

/** The files of the page by their names. In the built package, where nothing is found by its path, they are texts in the code. */
export function assetsOf(): Readonly<Record<string, string>> {
  const names = ["dashboard.css", "dashboard.js", "icon.svg"];
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(new URL(`assets/${name}`, import.meta.url), "utf8")]),
  );
}
