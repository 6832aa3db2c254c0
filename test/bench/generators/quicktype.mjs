// One file a schema, types only: without the converters that quicktype can add.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { FetchingJSONSchemaStore, InputData, JSONSchemaInput, quicktype } from "quicktype-core";

const [schemas, output] = process.argv.slice(2);
mkdirSync(output, { recursive: true });
for (const file of readdirSync(schemas)) {
  const schema = readFileSync(`${schemas}/${file}`, "utf8");
  const input = new JSONSchemaInput(new FetchingJSONSchemaStore());
  await input.addSource({ name: JSON.parse(schema).title, schema });
  const inputData = new InputData();
  inputData.addInput(input);
  const { lines } = await quicktype({ inputData, lang: "typescript", rendererOptions: { "just-types": true } });
  writeFileSync(`${output}/${file.replace(/json$/, "ts")}`, lines.join("\n"));
}
