import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { adopt } from "../adopt.js";
import { folderOf, readInstalled } from "../installed.js";
import type { Maker } from "../maker.js";

/** The messages between the parts of Cucumber, and those of the suite that each part has to pass. */
export function cucumber(): Maker {
  const document = readInstalled("@cucumber/messages", "messages.schema.json");
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const accepts = ajv.compile(document);
  const kit = join(folderOf("@cucumber/compatibility-kit"), "features");
  const payloads = readdirSync(kit, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ndjson"))
    .flatMap((file) => readFileSync(join(kit, file), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line) as unknown);
  const { file, nameOf } = adopt(document, "Cucumber");
  return {
    name: "Cucumber's messages",
    source: "@cucumber/messages, @cucumber/compatibility-kit",
    types: { "types/cucumber.json": file },
    topics: [
      {
        type: "cucumber.message",
        ref: `../types/cucumber.json#/$defs/${nameOf("#")}`,
        payloads,
        accepts: (payload) => accepts(payload) === true,
      },
    ],
  };
}
