import { camelCase, pascalCase } from "./casing.js";
import type { Message } from "./model.js";

/** The names that a message file exports. */
export interface MessageNames {
  /** `UserCreated`: the whole message. */
  readonly message: string;
  /** `UserCreatedInput`, or `ValidateTokenPayload` of a command: what a publisher or sender gives. */
  readonly input: string;
  /** `ValidateTokenResult`: what a command's handler answers. */
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

/** Everything that is named after a message. */
export function namesOf({ name, kind: { kind } }: Pick<Message, "name" | "kind">): MessageNames {
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

/** What a message's generated file exports, in the order in which it does. */
export function exportsOf(message: Message): readonly string[] {
  const names = namesOf(message);
  const result = message.kind.kind === "command" ? [names.result] : [];
  return [names.message, names.input, ...result, names.descriptor, names.emit, names.handler, names.subscribe];
}

/** `UserEventHandlers` of `user.created`. */
export function handlerGroup(type: string): { readonly prefix: string; readonly name: string } {
  const prefix = type.split(".")[0] ?? type;
  return { prefix, name: `${pascalCase(prefix)}EventHandlers` };
}
