import { Ajv } from "ajv";
import { adopt } from "../adopt.js";
import { readInstalled } from "../installed.js";
import type { Maker } from "../maker.js";

interface Data {
  readonly features: Readonly<Record<string, unknown>>;
}

/** So many features are one value: the package has one with all, of 5 MB. */
const FEATURES = 25;

/** The features of the web and the browsers that have them. */
export function webFeatures(): Maker {
  const document = readInstalled("web-features", "data.schema.json");
  const { features, ...rest } = readInstalled<Data>("web-features", "data.json");
  const accepts = new Ajv({ strict: false, validateFormats: false }).compile(document);
  const entries = Object.entries(features);
  const payloads = Array.from({ length: Math.ceil(entries.length / FEATURES) }, (_, at) => ({
    ...rest,
    features: Object.fromEntries(entries.slice(at * FEATURES, (at + 1) * FEATURES)),
  }));
  const { file, nameOf } = adopt(document, "Web");
  return {
    name: "Web features",
    source: "web-features",
    types: { "types/web.json": file },
    topics: [
      {
        type: "web.published",
        ref: `../types/web.json#/$defs/${nameOf("#")}`,
        payloads,
        accepts: (payload) => accepts(payload) === true,
      },
    ],
  };
}
