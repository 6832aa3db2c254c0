import { Ajv } from "ajv";
import { adopt } from "../adopt.js";
import { readInstalled } from "../installed.js";
import type { Maker } from "../maker.js";

interface Example {
  readonly name: string;
  readonly examples: readonly unknown[];
}

/** What GitHub sends to webhooks, by the schemas and examples that its users collect. */
export function octokit(): Maker {
  const document = readInstalled("@octokit/webhooks-schemas", "schema.json");
  const examples = readInstalled<readonly Example[]>("@octokit/webhooks-examples", "api.github.com/index.json");
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(document, "github");
  const { file, nameOf } = adopt(document, "Github");
  const known = Object.keys(document["definitions"] as object);
  const topics = examples.flatMap(({ name, examples: payloads }) => {
    const definition = known.find((one) => one === `${name}_event` || one === `${name}$event`);
    if (definition === undefined) return [];
    const accepts = ajv.compile({ $ref: `github#/definitions/${definition}` });
    const ref = `../types/github.json#/$defs/${nameOf(`#/definitions/${definition}`)}`;
    return [{ type: `webhook.${name}`, ref, payloads, accepts: (payload: unknown) => accepts(payload) === true }];
  });
  return {
    name: "GitHub's webhooks",
    source: "@octokit/webhooks-schemas, @octokit/webhooks-examples",
    types: { "types/github.json": file },
    topics,
  };
}
