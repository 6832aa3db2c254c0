import { createRequire } from "node:module";
import type { Shape } from "./shape.js";

/** Required, not imported: its typings do not compile under `exactOptionalPropertyTypes`. */
interface Library {
  compile(schema: object, name: string, options: object): Promise<string>;
}

const options = {
  additionalProperties: false,
  bannerComment: "",
  declareExternallyReferenced: false,
  format: false,
} as const;

/**
 * Prints the types of many shapes with json-schema-to-typescript, without Prettier, and returns them by key. All shapes
 * are passed in one call as the properties of one object, because a call costs more than most shapes. A shape holds
 * placeholders and no text of the catalogue, so nothing in it can be taken for a reference.
 */
export async function printShapes(shapes: ReadonlyMap<string, Shape>): Promise<ReadonlyMap<string, string>> {
  if (shapes.size === 0) return new Map();
  // Loaded here because it takes long, and a run without new shapes needs none of it.
  const { compile } = createRequire(import.meta.url)("json-schema-to-typescript") as Library;
  const keys = [...shapes.keys()];
  const properties = Object.fromEntries([...shapes.values()].map((shape, at) => [`shape${at}`, shape]));
  const root = { title: "Root", type: "object", properties, required: Object.keys(properties) };
  const printed = await compile(root, "Root", options);
  const texts = printed.split(/^shape\d+: /m).slice(1);
  return new Map(keys.map((key, at) => [key, textOf(texts[at] ?? "", at === keys.length - 1)]));
}

/** Strips the line end and, from the last type, the closing brace of the whole object. */
function textOf(printed: string, isLast: boolean): string {
  return printed
    .trimEnd()
    .slice(0, isLast ? -1 : undefined)
    .trimEnd();
}
