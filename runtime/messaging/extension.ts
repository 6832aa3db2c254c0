import type { Sealing } from "../contract/sealing.js";
import type { Hooks } from "./hooks.js";
import type { Interceptor } from "./interceptor.js";
import type { Messaging } from "./messaging.js";

/** What an extension sees of the messaging that it belongs to. */
export type ExtendedMessaging = Pick<Messaging, "service" | "health" | "counts">;

/** Where an extension is. */
export interface ExtendedPlace {
  readonly service: string;
  /** The environment, as `ENVIRONMENT` names it: `development`, `production`, … */
  readonly environment: string;
}

/** What an extension adds to one messaging. */
export interface ExtensionParts {
  /** They wrap the messaging's own interceptors. */
  readonly interceptors?: readonly Interceptor[];
  /** They are called after the messaging's own hooks. */
  readonly hooks?: Hooks | readonly Hooks[];
  /** Encrypts and reads values of messages. Only one extension of a messaging may. */
  readonly sealing?: Sealing;
  /** Called by each `start()`, before anything is read. If it rejects, `start()` does, and nothing is read. */
  readonly starting?: () => Promise<void>;
  /** Called when the messaging has been made. Returns what is called once it is closed. */
  readonly attach?: (messaging: ExtendedMessaging) => () => void;
}

/**
 * Adds to a messaging what takes interceptors, hooks and its health together: telemetry, for example.
 * @example
 * const counting: Extension = {
 *   extend() {
 *     let handled = 0;
 *     const attach: ExtensionParts["attach"] = ({ service }) => () => console.log(service, "handled", handled);
 *     return { hooks: { handled: () => void handled++ }, attach };
 *   },
 * };
 * const messaging = createMessaging({ service: "billing-service", extensions: [counting] });
 */
export interface Extension {
  /** Called once for each messaging that is made with it. */
  extend(place: ExtendedPlace): ExtensionParts;
}
