import type { CommandDescriptor, Descriptor } from "../contract/descriptor.js";
import { ConfigError } from "../errors.js";
import type { CommandHandler, Handler, Responder, Subscriber } from "../messaging/handler.js";

type Method = (message: never, context: never) => unknown;

/**
 * Registers an object's handler methods (`onUserCreated`, `handleValidateToken`), bound to it, and ignores its other
 * members.
 * @param methods - every method name that a catalogue knows, with its contract
 * @throws {ConfigError} when the object has none of them
 */
export function registerHandlerMethods(
  messaging: Subscriber & Responder,
  methods: Readonly<Record<string, Descriptor>>,
  handlers: object,
): void {
  const present = Object.entries(methods).filter(([name]) => typeof Reflect.get(handlers, name) === "function");
  if (present.length === 0) {
    const kind = handlers.constructor?.name ?? "the object";
    const some = Object.keys(methods).slice(0, 3).join(", ");
    throw new ConfigError([`${kind} has no handler method: name one after a message, such as ${some}, …`]);
  }
  for (const [name, descriptor] of present) {
    const method = (Reflect.get(handlers, name) as Method).bind(handlers);
    if (descriptor.kind === "command") {
      messaging.handle(descriptor as CommandDescriptor<never>, method as CommandHandler<never, unknown>);
    } else {
      messaging.on(descriptor as Descriptor<never>, method as Handler<never>);
    }
  }
}
