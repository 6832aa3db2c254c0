import { didYouMean, nearest } from "../config/suggest.js";
import type { CommandDescriptor, Descriptor } from "../contract/descriptor.js";
import { ConfigError } from "../errors.js";
import type { CommandHandler, Handler, Responder, Subscriber } from "../messaging/handler.js";

type Method = (message: never, context: never) => unknown;

/** How a handler method is named. */
const HANDLER = /^(on|handle)[A-Z]/;

/** Methods that are named so, too, and that NestJS calls. */
const LIFECYCLE = /^on(Module(Init|Destroy)|Application(Bootstrap|Shutdown))$/;

/**
 * Registers an object's handler methods (`onUserCreated`, `handleValidateToken`), bound to it, and ignores its other
 * members.
 * @param methods - every method name that a catalogue knows, with its contract
 * @throws {ConfigError} when the object has none of them, or one that is named like them and belongs to no message
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
  const stray = methodsOf(handlers).filter((name) => isNamedLikeHandler(name) && !Object.hasOwn(methods, name));
  if (stray.length > 0) {
    const meant = (name: string): string => didYouMean(nearest(name, Object.keys(methods)));
    throw new ConfigError(stray.map((name) => `${name}() handles no message of this catalogue${meant(name)}`));
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

function isNamedLikeHandler(name: string): boolean {
  return HANDLER.test(name) && !LIFECYCLE.test(name);
}

/** The names of an object's methods, inherited ones included. Getters are not called. */
function methodsOf(handlers: object): readonly string[] {
  const names = new Set<string>();
  for (let owner = handlers; owner !== Object.prototype && owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value === "function") names.add(name);
    }
  }
  return [...names];
}
