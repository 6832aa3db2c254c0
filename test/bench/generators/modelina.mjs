// One file a schema, as its `generateToFiles` writes them: interfaces, since that is what ours makes.
import { readdirSync, readFileSync } from "node:fs";
import { TypeScriptFileGenerator } from "@asyncapi/modelina";

const [schemas, output] = process.argv.slice(2);
const generator = new TypeScriptFileGenerator({ modelType: "interface" });
for (const file of readdirSync(schemas)) {
  const schema = JSON.parse(readFileSync(`${schemas}/${file}`, "utf8"));
  await generator.generateToFiles({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" }, output, {
    exportType: "named",
  });
}
