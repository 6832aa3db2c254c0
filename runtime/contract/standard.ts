import { contractOf } from "./contract.js";
import type { Descriptor } from "./descriptor.js";
import { keysOf } from "./issue-path.js";
import { jsonSchemaFor } from "./json-schema-target.js";
import type { StandardConverter, StandardProps } from "./standard-schema.js";

/** A descriptor as a Standard Schema and a Standard JSON Schema. Its checks are those of the runtime. */
export function standardOf<Message>(descriptor: Descriptor<Message>): StandardProps<Message> {
  const convert: StandardConverter = ({ target }) => jsonSchemaFor(target, descriptor.schema);
  return {
    version: 1,
    vendor: "m-erp",
    validate: (value) => {
      const issues = contractOf(descriptor).readerViolations(value);
      if (issues === undefined) return { value: value as Message };
      return { issues: issues.map(({ path, message }) => ({ message, path: keysOf(path) })) };
    },
    jsonSchema: { input: convert, output: convert },
  };
}
