import { contractOf } from "./contract.js";
import type { Descriptor, WithoutStandard } from "./descriptor.js";
import { keysOf } from "./issue-path.js";
import { jsonSchemaFor } from "./json-schema-target.js";
import type { StandardConverter, StandardProps } from "./standard-schema.js";

/**
 * Makes a descriptor a Standard Schema and a Standard JSON Schema, and returns it. The descriptor stays the same object,
 * so whatever is kept of it is found by either name.
 * @example
 * // The helper's bundle may have left the validator out.
 * const dryRun: Publisher<boolean> = {
 *   publish: async (descriptor, message) => withStandard(descriptor)["~standard"].validate(message).issues === undefined,
 * };
 * console.log(await publishUserDeleted(dryRun, { entity_id: 123 }));
 */
export function withStandard<Described extends Descriptor>(descriptor: WithoutStandard<Described>): Described {
  if (!("~standard" in descriptor)) Object.defineProperty(descriptor, "~standard", interfaceOfStandard);
  return descriptor as Described;
}

/** Makes the interface when it is asked for: a catalogue may have thousands of descriptors. */
const interfaceOfStandard = {
  get(this: Descriptor): StandardProps<unknown> {
    const known = made.get(this);
    if (known !== undefined) return known;
    const standard = standardOf(this);
    made.set(this, standard);
    return standard;
  },
};

const made = new WeakMap<Descriptor, StandardProps<unknown>>();

/** The checks are those of the runtime. */
function standardOf(descriptor: Descriptor): StandardProps<unknown> {
  const convert: StandardConverter = ({ target }) => jsonSchemaFor(target, descriptor.schema);
  return {
    version: 1,
    vendor: "m-erp",
    validate: (value) => {
      const issues = contractOf(descriptor).readerViolations(value);
      if (issues === undefined) return { value };
      return { issues: issues.map(({ path, message }) => ({ message, path: keysOf(path) })) };
    },
    jsonSchema: { input: convert, output: convert },
  };
}
