import type { MessageKind } from "../../runtime/contract/descriptor.js";

/** The properties of a kind of message. */
export interface Kind {
  readonly kind: MessageKind;
  /** The folder that holds the messages of this kind, and the stream that carries them. */
  readonly folder: string;
  /** The property that holds the message's type; health messages have none. */
  readonly typeProperty: string | undefined;
  /** Appended to a type's TypeScript name. */
  readonly suffix: string;
  /** Top-level properties that the runtime fills in. */
  readonly filledIn: readonly string[];
}

const envelope = ["id", "timestamp", "source_service", "type"];

/** The four kinds, in the order of all generated lists. */
export const kinds: readonly Kind[] = [
  { kind: "event", folder: "events", typeProperty: "event_type", suffix: "", filledIn: [...envelope, "event_type"] },
  {
    kind: "command",
    folder: "commands",
    typeProperty: "command_type",
    suffix: "",
    filledIn: [...envelope, "command_type"],
  },
  {
    kind: "notification",
    folder: "notifications",
    typeProperty: "notification_type",
    suffix: "Notification",
    filledIn: [...envelope, "notification_type"],
  },
  { kind: "health", folder: "health", typeProperty: undefined, suffix: "", filledIn: ["service_name", "timestamp"] },
];

/** The kind of the messages in a folder; `undefined` for a folder of shared definitions. */
export function kindOfFolder(folder: string): Kind | undefined {
  return kinds.find((kind) => kind.folder === folder);
}
