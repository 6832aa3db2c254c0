import { describe, expectTypeOf, it } from "vitest";

import {
  type CommandHandlers,
  type CurrencyRateUpdated,
  type EventHandlers,
  type EventMap,
  handleValidateToken,
  type MessageContext,
  type Messaging,
  onUserCreated,
  type Pattern,
  registerHandlers,
  type UserCreated,
  type UserEventHandlers,
  type UserLoggedIn,
  userCreated,
  validateToken,
} from "../../generated/index.js";

declare const messaging: Messaging;

describe("a handler", () => {
  it("is given its message, typed to the leaf", () => {
    onUserCreated(messaging, (event, context) => {
      expectTypeOf(event).toEqualTypeOf<UserCreated>();
      expectTypeOf(event.after_data.email).toEqualTypeOf<string>();
      expectTypeOf(event.company_id).toEqualTypeOf<number | undefined>();
      expectTypeOf(event.event_type).toEqualTypeOf<"user.created">();
      expectTypeOf(context).toEqualTypeOf<MessageContext>();
      // @ts-expect-error misspelt
      void event.after_data.emial;
    });
    messaging.on(userCreated, (event) => expectTypeOf(event).toEqualTypeOf<UserCreated>());
  });

  it("must be one of its own message", () => {
    // @ts-expect-error that of another message
    onUserCreated(messaging, (event: CurrencyRateUpdated) => event);
    // @ts-expect-error the same by the descriptor
    messaging.on(userCreated, (event: CurrencyRateUpdated) => event);
  });

  it("may be filtered by what its message has", () => {
    onUserCreated(messaging, () => {}, { company_id: 1, source_service: "a", where: (event) => event.entity_id > 5 });
    // @ts-expect-error no such property of a user
    onUserCreated(messaging, () => {}, { where: ({ after_data }) => after_data.token === "x" });
    // @ts-expect-error no such filter
    onUserCreated(messaging, () => {}, { comapny_id: 1 });
  });
});

describe("a pattern", () => {
  it("is typed as the union of what it matches, told apart by event_type", () => {
    messaging.on("user.*", (event) => {
      expectTypeOf<UserCreated>().toExtend<typeof event>();
      expectTypeOf<CurrencyRateUpdated>().not.toExtend<typeof event>();
      switch (event.event_type) {
        case "user.created":
          expectTypeOf(event).toEqualTypeOf<UserCreated>();
          break;
        case "user.logged_in":
          expectTypeOf(event).toEqualTypeOf<UserLoggedIn>();
          expectTypeOf(event.after_data.ip_address).toEqualTypeOf<string | null | undefined>();
          break;
        // @ts-expect-error no user event
        case "currency.rate_updated":
          break;
      }
    });
    messaging.on("*", (event) => expectTypeOf(event).toEqualTypeOf<EventMap[keyof EventMap]>());
    messaging.on("currency.rate_updated", (event) => expectTypeOf(event).toEqualTypeOf<CurrencyRateUpdated>());
    messaging.on("user.*", () => {}, { where: ({ event_type }) => event_type !== "user.deleted" });
  });

  it("must match something", () => {
    expectTypeOf<"user.*" | "*" | "user.created">().toExtend<Pattern<EventMap>>();
    // @ts-expect-error misspelt
    messaging.on("usr.*", () => {});
    // @ts-expect-error misspelt
    messaging.on("user.creatd", () => {});
    // @ts-expect-error the star stands for a whole word
    messaging.on("user.c*", () => {});
    // @ts-expect-error a notification is no event
    messaging.on("success", () => {});
  });
});

describe("the handler of a command", () => {
  it("is given the command and must return its result, now or later", () => {
    handleValidateToken(messaging, ({ payload }) => ({ valid: payload.token === "good" }));
    handleValidateToken(messaging, async () => ({ valid: true, roles: ["accountant"] }));
    messaging.handle(validateToken, () => ({ valid: true }));
  });

  it("does not compile without the result, or with another", () => {
    // @ts-expect-error nothing is returned
    handleValidateToken(messaging, () => {});
    // @ts-expect-error nothing is promised
    handleValidateToken(messaging, async () => {});
    // @ts-expect-error valid is missing
    handleValidateToken(messaging, () => ({ roles: [] }));
    // @ts-expect-error valid is true or false
    handleValidateToken(messaging, () => ({ valid: "yes" }));
    // @ts-expect-error the same by the descriptor
    messaging.handle(validateToken, () => ({ valid: "yes" }));
    // @ts-expect-error an event has no result
    messaging.handle(userCreated, () => ({}));
  });
});

describe("a class of handlers", () => {
  it("may implement some or all of an entity's, and is registered", () => {
    class Some implements Partial<UserEventHandlers> {
      onUserCreated(event: UserCreated): void {
        void event;
      }
    }
    class Mixed implements Pick<EventHandlers, "onUserLoggedIn">, Pick<CommandHandlers, "handleValidateToken"> {
      onUserLoggedIn(_event: UserLoggedIn, _context: MessageContext): void {}
      handleValidateToken(): { valid: boolean } {
        return { valid: true };
      }
    }
    registerHandlers(messaging, new Some());
    registerHandlers(messaging, new Mixed());
  });

  it("does not compile when one is missing, or takes another message, or returns another result", () => {
    // @ts-expect-error all the others are missing
    class Incomplete implements UserEventHandlers {
      onUserCreated(): void {}
    }
    class Wrong implements Partial<UserEventHandlers> {
      // @ts-expect-error that is another event
      onUserCreated(_event: CurrencyRateUpdated): void {}
    }
    // @ts-expect-error the same when it is registered
    registerHandlers(messaging, new Wrong());
    // @ts-expect-error valid is missing
    registerHandlers(messaging, { handleValidateToken: () => ({}) });
    // @ts-expect-error misspelt
    registerHandlers(messaging, { onUserCreatd: () => {} });
    void Incomplete;
  });
});
