import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { envelopes, ownPackage } from "../../codegen/cli/own-package.js";
import { importSchemas } from "../../codegen/index.js";
import { folderOf } from "./installed.js";
import type { Maker, Topic } from "./maker.js";
import { cucumber, jsonResume, webFeatures } from "./makers/index.js";

/** A maker's document, and the topic whose values it describes. */
interface Described {
  readonly file: readonly [name: string, path: string];
  readonly type: string;
}

/** Makers whose documents describe a topic each. */
export const described: readonly (readonly [make: () => Maker, documents: readonly Described[]])[] = [
  [cucumber, [{ file: ["@cucumber/messages", "messages.schema.json"], type: "cucumber.message" }]],
  [
    jsonResume,
    [
      { file: ["@jsonresume/schema", "schema.json"], type: "resume.sent" },
      { file: ["@jsonresume/schema", "job-schema.json"], type: "job.sent" },
    ],
  ],
  [webFeatures, [{ file: ["web-features", "data.schema.json"], type: "web.published" }]],
];

/** What came of a maker's documents in `merp import`. */
export interface Adoption {
  /** The maker with the types that were imported, in place of those that are adopted by hand. */
  readonly maker: Maker;
  /** What is left out. */
  readonly hindrances: readonly string[];
}

/** Imports the documents of a maker into a folder of schemas. */
export async function importInto(schemas: string, [make, documents]: (typeof described)[number]): Promise<Adoption> {
  const maker = make();
  const types: Record<string, unknown> = {};
  const refs = new Map<string, string>();
  const hindrances: string[] = [];
  for (const { file, type } of documents) {
    const imported = await importSchemas(join(folderOf(file[0]), file[1]), schemas, {
      ...{ kind: "event", as: "payload", type, name: "foreign", envelopes: envelopes(ownPackage()) },
    });
    hindrances.push(...imported.hindrances.map(({ pointer, sentence }) => `${pointer}: ${sentence}`));
    for (const [path, text] of imported.files) {
      mkdirSync(dirname(join(schemas, path)), { recursive: true });
      writeFileSync(join(schemas, path), text);
      if (path.startsWith("types/")) types[path] = text;
      const event = path.startsWith("events/") ? (JSON.parse(text) as Event) : undefined;
      if (event !== undefined) refs.set(type, event.properties.after_data.$ref);
    }
  }
  const topics = maker.topics.map((topic): Topic => ({ ...topic, ref: refs.get(topic.type) ?? topic.ref }));
  return { maker: { ...maker, types: { ...types }, topics }, hindrances };
}

interface Event {
  readonly properties: { readonly after_data: { readonly $ref: string } };
}

/** What came of GitHub's document. */
export interface GitHub {
  readonly messages: number;
  readonly hindrances: readonly string[];
}

/** GitHub's document is a choice of all its events: each becomes one. */
export async function importGitHub(schemas: string): Promise<GitHub> {
  const { messages, hindrances } = await importSchemas(
    join(folderOf("@octokit/webhooks-schemas"), "schema.json"),
    schemas,
    {
      ...{ kind: "event", as: "payload", each: true, name: "github", envelopes: envelopes(ownPackage()) },
    },
  );
  return { messages, hindrances: hindrances.map(({ pointer, sentence }) => `${pointer}: ${sentence}`) };
}
