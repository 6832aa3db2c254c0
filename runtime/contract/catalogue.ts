import type { Descriptor } from "./descriptor.js";

/** The form in which stream entries are written. Both forms are always readable. */
export type Encoding = "fields" | "json";

/**
 * All message types of a service, as generated from its schemas.
 *
 * @typeParam Events - the event types by name, for typed patterns: `on("user.*", …)`
 */
export interface Catalogue<Events extends object = Record<never, never>> {
  readonly name: string;
  /** The encoding of entries that are written. `MESSAGE_ENCODING` overrides it. */
  readonly encoding: Encoding;
  readonly messages: readonly Descriptor[];
  /** Never set: it only carries the types. */
  readonly "~events"?: Events;
}
