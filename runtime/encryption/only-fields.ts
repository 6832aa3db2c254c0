import type { Descriptor, WithoutStandard } from "../contract/descriptor.js";
import { reachesEncrypted, wireForm } from "../contract/encrypt.js";
import { withStandard } from "../contract/standard.js";
import { ConfigError } from "../errors.js";

/**
 * The contract of some fields of a message, none of which is encrypted: for the handlers of a service without keys. A service
 * handles a message either whole or by its fields, not both.
 * @throws {ConfigError} for a field that the message does not have, or that holds encrypted values
 * @example
 * messaging.on(onlyFields(userCreated, ["entity_id", "company_id"]), ({ entity_id }) => console.log(entity_id));
 */
export function onlyFields<Message, Name extends string & keyof Message>(
  descriptor: WithoutStandard<Descriptor<Message>>,
  names: readonly Name[],
): Descriptor<Pick<Message, Name>> {
  const { kind, type, stream, schema } = descriptor;
  const { properties = {} } = schema;
  const problems = names.flatMap((name) => {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field === undefined) return [`${type} has no field ${name}`];
    return reachesEncrypted(schema, [field]) ? [`${name} of ${type} holds encrypted values, which need keys`] : [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return withStandard({ kind, type, stream, schema: wireForm(schema) });
}
