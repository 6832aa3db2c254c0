import { createRequire } from "node:module";
import type { Shape } from "./shape.js";

/** Required, not imported: its typings do not compile under `exactOptionalPropertyTypes`. */
const { compile } = createRequire(import.meta.url)("json-schema-to-typescript") as {
  compile(schema: object, name: string, options: object): Promise<string>;
};

const options = {
  additionalProperties: false,
  bannerComment: "",
  declareExternallyReferenced: false,
  format: false,
} as const;

/**
 * The types of many shapes, each under its key, as json-schema-to-typescript prints them without Prettier. It is given
 * all of them at once, as the properties of one object: starting it takes longer than most shapes do.
 */
export async function printShapes(shapes: ReadonlyMap<string, Shape>): Promise<ReadonlyMap<string, string>> {
  const keys = [...shapes.keys()];
  // What no shape contains cannot be mistaken for a part of one.
  let mark = "shape";
  while (keys.some((key) => key.includes(mark))) mark += "_";
  const properties = Object.fromEntries([...shapes.values()].map((shape, at) => [`${mark}${at}`, shape]));
  const root = { title: "Root", type: "object", properties, required: Object.keys(properties) };
  const printed = await compile(root, "Root", options);
  const texts = printed.split(new RegExp(`^${mark}\\d+: `, "m")).slice(1);
  return new Map(keys.map((key, at) => [key, textOf(texts[at] ?? "", at === keys.length - 1)]));
}

/** Without the line end and, behind the last one, the brace that closes the whole object. */
function textOf(printed: string, isLast: boolean): string {
  return printed
    .trimEnd()
    .slice(0, isLast ? -1 : undefined)
    .trimEnd();
}
