import { describe, expectTypeOf, it } from "vitest";

import {
  type CreateUserPayload,
  type CurrencyRateUpdated,
  createMessaging,
  createUser,
  currencyRateUpdated,
  defineEvent,
  type InterceptedCall,
  type Interceptor,
  initMessaging,
  type MessageContext,
  type PublishOptions,
  type SuccessNotificationInput,
  successNotification,
  type UserCreated,
  type UserCreatedInput,
  userCreated,
  type ValidateToken,
  type ValidateTokenPayload,
  validateToken,
} from "../../generated/index.js";
import { createMessaging as createBareMessaging } from "../../runtime/index.js";

declare const call: InterceptedCall;

describe("an intercepted call", () => {
  it("is told apart by its operation", () => {
    expectTypeOf(call.operation).toEqualTypeOf<"handle" | "publish" | "publishAll" | "send" | "tell">();
    expectTypeOf(call.elapsedMs).toEqualTypeOf<number>();
    expectTypeOf(call.descriptor.type).toEqualTypeOf<string>();
    if (call.operation === "handle") {
      expectTypeOf(call.message).toEqualTypeOf<unknown>();
      expectTypeOf(call.context).toEqualTypeOf<MessageContext>();
    } else if (call.operation === "publish") {
      expectTypeOf(call.message).toEqualTypeOf<unknown>();
      expectTypeOf(call.options).toEqualTypeOf<PublishOptions>();
    }
    // @ts-expect-error a publish has no delivery
    if (call.operation === "publish") void call.context;
    // @ts-expect-error a command has a payload
    if (call.operation === "send") void call.message;
    // @ts-expect-error no such operation
    if (call.operation === "listen") void call;
  });

  it("of a handler has its message, typed to the leaf", () => {
    if (call.operation !== "handle") return;
    if (call.is(userCreated)) {
      expectTypeOf(call.message).toEqualTypeOf<UserCreated>();
      expectTypeOf(call.message.after_data.email).toEqualTypeOf<string>();
      expectTypeOf(call.context.attempt).toEqualTypeOf<number>();
      // @ts-expect-error misspelt
      void call.message.after_data.emial;
      // @ts-expect-error the handler is given the message that was delivered
      call.message = { ...call.message };
    } else if (call.is(currencyRateUpdated)) {
      expectTypeOf(call.message).toEqualTypeOf<CurrencyRateUpdated>();
    } else if (call.is(validateToken)) {
      expectTypeOf(call.message).toEqualTypeOf<ValidateToken>();
      expectTypeOf(call.message.payload.token).toEqualTypeOf<string>();
    } else {
      expectTypeOf(call.message).toEqualTypeOf<unknown>();
    }
  });

  it("of a publish has its message as it was given, and takes only such a one instead", () => {
    if (call.operation !== "publish") return;
    if (call.is(userCreated)) {
      expectTypeOf(call.message).toEqualTypeOf<UserCreatedInput>();
      call.message = { ...call.message, company_id: 1 };
      call.message = { entity_id: 1, after_data: { email: "ada@example.com" } };
      // @ts-expect-error after_data is missing
      call.message = { entity_id: 1 };
      // @ts-expect-error misspelt
      call.message = { ...call.message, compnay_id: 1 };
      // @ts-expect-error email is text
      call.message = { entity_id: 1, after_data: { email: 5 } };
    } else if (call.is(successNotification)) {
      expectTypeOf(call.message).toEqualTypeOf<SuccessNotificationInput>();
    } else {
      expectTypeOf(call.message).toEqualTypeOf<unknown>();
      // @ts-expect-error a command is not published
      void call.is(validateToken);
    }
  });

  it("of many publishes has all their messages, and takes only such ones instead", () => {
    if (call.operation !== "publishAll" || !call.is(userCreated)) return;
    expectTypeOf(call.messages).toEqualTypeOf<readonly UserCreatedInput[]>();
    call.messages = call.messages.map((message) => ({ ...message, company_id: 1 }));
    // @ts-expect-error after_data is missing
    call.messages = [{ entity_id: 1 }];
    // @ts-expect-error many
    call.messages = call.messages[0];
  });

  it("of a command has its payload, and takes only such a one instead", () => {
    if (call.operation === "send" && call.is(validateToken)) {
      expectTypeOf(call.payload).toEqualTypeOf<ValidateTokenPayload>();
      call.payload = { token: "t" };
      // @ts-expect-error the token is text
      call.payload = { token: 5 };
      // @ts-expect-error the options are not to be changed
      call.options.timeoutSeconds = 5;
    }
    if (call.operation === "tell" && call.is(createUser)) {
      expectTypeOf(call.payload).toEqualTypeOf<CreateUserPayload>();
      // @ts-expect-error email is missing
      call.payload = {};
    }
    // @ts-expect-error an event is no command
    if (call.operation === "send") void call.is(userCreated);
  });

  it("knows own descriptors as well", () => {
    const lampSwitched = defineEvent<{ readonly on: boolean }, { readonly on: true }>("lamp.switched", {});
    if (call.operation === "handle" && call.is(lampSwitched)) expectTypeOf(call.message.on).toEqualTypeOf<boolean>();
    if (call.operation === "publish" && call.is(lampSwitched)) expectTypeOf(call.message.on).toEqualTypeOf<true>();
  });
});

describe("an interceptor", () => {
  it("may be asynchronous or return what next returns, and is taken by every way to create a messaging", () => {
    const passing: Interceptor = (_call, next) => next();
    const timing: Interceptor = async ({ elapsedMs }, next) => [elapsedMs, await next()];
    const refusing: Interceptor = () => {
      throw new Error("not today");
    };
    const interceptors = [passing, timing, refusing] as const;
    createMessaging({ service: "a", interceptors });
    createBareMessaging({ service: "a", interceptors, onPublishFailure: "report" });
    void initMessaging({ service: "a", interceptors });
  });

  it("does not compile when it is none", () => {
    // @ts-expect-error a function
    createMessaging({ interceptors: ["timing"] });
    // @ts-expect-error a list
    createMessaging({ interceptors: async () => {} });
    // @ts-expect-error one that may be missing
    createMessaging({ interceptors: [undefined] });
    // @ts-expect-error next takes no arguments
    createMessaging({ interceptors: [(called, next) => next(called)] });
    // @ts-expect-error a handler takes a message
    createMessaging({ interceptors: [async (event: UserCreated) => event] });
    // @ts-expect-error nothing is returned, so nobody would wait for the rest
    createMessaging({ interceptors: [(_called, next) => void next()] });
  });
});
