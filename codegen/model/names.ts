import { camelCase, pascalCase } from "./casing.js";
import type { Kind } from "./kind.js";
import type { Message } from "./model.js";

/** The names that a message file exports. */
export interface MessageNames {
  /** `UserCreated`: the whole message. */
  readonly message: string;
  /** The argument of a publisher, `UserCreatedInput`, or of a command's sender, `ValidateTokenPayload`. */
  readonly input: string;
  /** `ValidateTokenResult`: the result of a command. */
  readonly result: string;
  /** `userCreated` */
  readonly descriptor: string;
  /** `publishUserCreated`, `sendValidateToken`, `notifySuccess` */
  readonly emit: string;
  /** `UserCreatedHandler` */
  readonly handler: string;
  /** `onUserCreated`, `handleValidateToken` */
  readonly subscribe: string;
  /** `exampleUserCreated`, from the testing entry. */
  readonly example: string;
  /** `exampleValidateTokenResult`, from the testing entry. */
  readonly exampleResult: string;
}

/** What a message's names are derived from. */
export interface Named {
  readonly name: string;
  readonly kind: Pick<Kind, "kind">;
}

const known = new WeakMap<Named, MessageNames>();

/** The names derived from a message's name. They are derived once, since every file about the message asks for them. */
export function namesOf(named: Named): MessageNames {
  const names = known.get(named) ?? deriveNames(named);
  known.set(named, names);
  return names;
}

function deriveNames({ name, kind: { kind } }: Named): MessageNames {
  const isCommand = kind === "command";
  return {
    message: name,
    input: isCommand ? `${name}Payload` : `${name}Input`,
    result: `${name}Result`,
    descriptor: camelCase(name),
    emit:
      kind === "notification"
        ? `notify${name.replace(/Notification$/, "")}`
        : `${isCommand ? "send" : "publish"}${name}`,
    handler: `${name}Handler`,
    subscribe: `${isCommand ? "handle" : "on"}${name}`,
    example: `example${name}`,
    exampleResult: `example${name}Result`,
  };
}

/** The exports of a message's generated file, in order. */
export function exportsOf(message: Message): readonly string[] {
  const names = namesOf(message);
  const result = message.kind.kind === "command" ? [names.result] : [];
  return [names.message, names.input, ...result, names.descriptor, names.emit, names.handler, names.subscribe];
}

/** The handler interface of an event: `UserEventHandlers` for `user.created`. */
export function handlerGroup(type: string): { readonly prefix: string; readonly name: string } {
  const prefix = type.split(".")[0] ?? type;
  return { prefix, name: `${pascalCase(prefix)}EventHandlers` };
}
