import type { Change, Place } from "./document.js";

/** The kinds of message that can be imported. */
export const messageKinds = ["event", "command", "notification"] as const;
/** A document that `merp docs` wrote has the health of services as well. */
export type ImportedKind = (typeof messageKinds)[number] | "health";

/** A message of the catalogue to be: what it carries, or the whole of it, is described at a place of a document. */
export interface Entry {
  readonly place: Place;
  readonly kind: ImportedKind;
  /** On the wire: `order.placed`. */
  readonly type: string;
  readonly description: string | undefined;
  /** Values of the place, as its author gives them. */
  readonly examples: readonly unknown[];
  /** What answers a command. */
  readonly result: Place | undefined;
  readonly changes: readonly Change[];
  /** The name in TypeScript. @defaultValue made of the type */
  readonly name?: string;
  /** Set if the place is the whole message, whatever is asked for. */
  readonly isWhole?: true;
}

/** What is to be imported: messages, and the parts that become shared types though no message needs them. */
export interface Contents {
  readonly entries: readonly Entry[];
  readonly shared: readonly Place[];
}

/** `order-placed` is the event `order.placed`, `ReserveStock` the command `reserve_stock`. */
export function typeFrom(text: string, kind: ImportedKind | "type"): string {
  const words = text
    .replace(/\.(?:schema)(?=$|\.)/gi, "")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .split(/[^A-Za-z0-9_]+/)
    .map((word) => word.toLowerCase().replace(/^_+|_+$/g, ""))
    .filter((word) => word !== "");
  // What every file of a folder is called says nothing.
  while (words.length > 1 && [kind, "schema", "message", "payload"].includes(words.at(-1) ?? "")) words.pop();
  return words.join(kind === "event" ? "." : "_") || "imported";
}
