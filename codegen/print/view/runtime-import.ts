import type { MessageKind } from "../../../runtime/contract/descriptor.js";

/** The names that a message file imports from the runtime. */
export function runtimeNames(kind: MessageKind): {
  readonly values: readonly string[];
  readonly types: readonly string[];
} {
  if (kind === "command") {
    return {
      values: ["withStandard"],
      types: [
        ...["CommandDescriptor", "CommandHandler", "CommandOptions", "Responder", "Sender", "SendOptions"],
        "WithoutStandard",
      ],
    };
  }
  const noun = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return {
    values: ["withStandard"],
    types: [
      ...[`${noun}Descriptor`, "Handler", "HandlerOptions", "Publisher", "PublishOptions", "Subscriber"],
      "WithoutStandard",
    ],
  };
}
