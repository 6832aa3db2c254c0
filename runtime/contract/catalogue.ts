import type { Descriptor } from "./descriptor.js";

/** How a stream entry is written. Both forms are always readable. */
export type Encoding = "fields" | "json";

/**
 * All message types that a service may meet, as generated from its schemas.
 *
 * @typeParam Events - the event types by name, for typed patterns: `on("user.*", …)`
 */
export interface Catalogue<Events extends object = Record<never, never>> {
  readonly name: string;
  /** The encoding that is written; `MESSAGE_ENCODING` overrides it. */
  readonly encoding: Encoding;
  readonly messages: readonly Descriptor[];
  /** Never set; carries the types. */
  readonly "~events"?: Events;
}
