import type { Hooks } from "./hooks.js";
import type { Interceptor } from "./interceptor.js";
import type { Messaging } from "./messaging.js";

/** What an extension sees of the messaging that it belongs to. */
export type ExtendedMessaging = Pick<Messaging, "service" | "health" | "counts">;

/** What an extension adds to one messaging. */
export interface ExtensionParts {
  /** They wrap the messaging's own interceptors. */
  readonly interceptors?: readonly Interceptor[];
  /** They are called after the messaging's own hooks. */
  readonly hooks?: Hooks | readonly Hooks[];
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
  extend(): ExtensionParts;
}
