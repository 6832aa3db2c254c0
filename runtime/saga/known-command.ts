import type { CommandDescriptor } from "../contract/descriptor.js";
import type { RelayParts } from "../publish/relayable.js";
import type { Saga } from "./definition.js";

/** The command that is asked for by its name. */
export function commandOf(
  saga: Saga<object>,
  catalogue: RelayParts["catalogue"],
  type: string,
): CommandDescriptor | undefined {
  const known = catalogue.messages.find((each) => each.kind === "command" && each.type === type);
  return saga.commands.get(type) ?? (known as CommandDescriptor | undefined);
}
