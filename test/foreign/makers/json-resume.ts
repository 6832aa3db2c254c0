import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { type Adopted, adopt } from "../adopt.js";
import { folderOf, readInstalled } from "../installed.js";
import type { Maker, Topic } from "../maker.js";

const PACKAGE = "@jsonresume/schema";

/** Résumés and jobs of JSON Resume. */
export function jsonResume(): Maker {
  const examples = readdirSync(join(folderOf(PACKAGE), "examples")).map((file) => `examples/${file}`);
  const resume = part("schema.json", "Resume", ["sample.resume.json", ...examples]);
  const job = part("job-schema.json", "Job", ["sample.job.json"]);
  return {
    name: "JSON Resume",
    source: PACKAGE,
    types: { "types/resume.json": resume.file, "types/job.json": job.file },
    topics: [resume.topic, job.topic],
  };
}

function part(
  schema: string,
  name: string,
  values: readonly string[],
): { readonly file: Adopted["file"]; readonly topic: Topic } {
  const document = readInstalled(PACKAGE, schema);
  const accepts = new Ajv({ strict: false, validateFormats: false }).compile(document);
  const { file, nameOf } = adopt(document, name);
  return {
    file,
    topic: {
      type: `${name.toLowerCase()}.sent`,
      ref: `../types/${name.toLowerCase()}.json#/$defs/${nameOf("#")}`,
      payloads: values.map((value) => readInstalled(PACKAGE, value)),
      accepts: (payload) => accepts(payload) === true,
    },
  };
}
