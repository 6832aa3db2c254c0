import { describe, expectTypeOf, it } from "vitest";

import {
  createMessaging as createCatalogueMessaging,
  defineEvent,
  type Messaging,
  notifySuccess,
  type Published,
  type Publisher,
  publishCompanyUpdated,
  publishCurrencyRateUpdated,
  publishHealthReport,
  publishUserCreated,
  publishUserLoggedIn,
  sendValidateToken,
  userCreated,
  validateToken,
} from "../../generated/index.js";
import { createMessaging } from "../../runtime/index.js";

declare const messaging: Messaging;

describe("publishing", () => {
  it("takes a message without what the runtime fills in, and resolves to where it is", () => {
    const message = { entity_id: 1, after_data: { email: "ada@example.com" } };
    expectTypeOf(publishUserCreated(messaging, message)).resolves.toEqualTypeOf<Published>();
    expectTypeOf(messaging.publish(userCreated, message)).resolves.toEqualTypeOf<Published>();
    expectTypeOf(publishHealthReport(messaging, { status: "healthy" })).resolves.toEqualTypeOf<Published>();
    expectTypeOf(notifySuccess(messaging, { title: "a", message: "b" })).resolves.toEqualTypeOf<Published>();
  });

  it("does not compile without a required field", () => {
    // @ts-expect-error after_data is missing
    void publishUserCreated(messaging, { entity_id: 1 });
    // @ts-expect-error entity_id is missing
    void publishUserCreated(messaging, { after_data: { email: "a@b.cd" } });
    // @ts-expect-error after_data.email is missing
    void publishUserCreated(messaging, { entity_id: 1, after_data: { first_name: "Ada" } });
    // @ts-expect-error the same by the descriptor
    void messaging.publish(userCreated, { entity_id: 1 });
    // @ts-expect-error rate is missing
    void publishCurrencyRateUpdated(messaging, { entity_id: "USD", after_data: {} });
    // @ts-expect-error after_data is missing
    void publishUserLoggedIn(messaging, { entity_id: 1 });
  });

  it("does not compile with a form that is only read", () => {
    const rate = { entity_id: "USD", after_data: { rate: 1.5 } };
    void publishCurrencyRateUpdated(messaging, rate);
    // @ts-expect-error decimals as text are read, and never written
    void publishCurrencyRateUpdated(messaging, { entity_id: "USD", after_data: { rate: "1.5" } });
    void publishCompanyUpdated(messaging, { entity_id: 1, changes: { name: "Acme" } });
    // @ts-expect-error a change is written as its new value
    void publishCompanyUpdated(messaging, { entity_id: 1, changes: { name: { from: "A", to: "B" } } });
  });

  it("does not compile with a misspelt field, at any depth", () => {
    // @ts-expect-error compnay_id
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" }, compnay_id: 1 });
    // @ts-expect-error frist_name
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd", frist_name: "Ada" } });
    // @ts-expect-error companyId, by the descriptor
    void messaging.publish(userCreated, { entity_id: 1, after_data: { email: "a@b.cd" }, companyId: 1 });
  });

  it("does not compile with a wrong type", () => {
    // @ts-expect-error the ids of users are numbers
    void publishUserCreated(messaging, { entity_id: "1", after_data: { email: "a@b.cd" } });
    // @ts-expect-error the ids of currencies are text
    void publishCurrencyRateUpdated(messaging, { entity_id: 1, after_data: { rate: 1 } });
    // @ts-expect-error email is text
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: 5 } });
    // @ts-expect-error null is no company
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" }, company_id: null });
    // @ts-expect-error undefined is not the same as left out
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" }, company_id: undefined });
    // @ts-expect-error no such status
    void publishHealthReport(messaging, { status: "ill" });
    // @ts-expect-error priorities are 1, 2, 3
    void notifySuccess(messaging, { title: "a", message: "b", priority: 4 });
  });

  it("does not take what the runtime fills in", () => {
    // @ts-expect-error the id is an option
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" }, id: "x" });
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" } }, { id: "x" });
    // @ts-expect-error the type is constant
    void publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.cd" }, event_type: "user.created" });
  });

  it("does not take a command", () => {
    // @ts-expect-error a command is sent
    void messaging.publish(validateToken, { token: "t" });
    // @ts-expect-error a publisher is no sender
    void sendValidateToken({ publish: messaging.publish } satisfies Publisher, { token: "t" });
  });

  it("takes own descriptors, whose input alone says what is right", () => {
    interface Order {
      readonly total: number;
    }
    const orderPlaced = defineEvent<Order, Order>("order.placed", {});
    void messaging.publish(orderPlaced, { total: 12.5 });
    // @ts-expect-error total is a number: the argument does not widen the descriptor
    void messaging.publish(orderPlaced, { total: "12.5" });
  });
});

describe("what publishing resolves to", () => {
  it("may be undefined only where failures are reported instead of thrown", () => {
    const throwing = createMessaging({ service: "a" });
    const explicit = createMessaging({ service: "a", onPublishFailure: "throw" });
    const reporting = createMessaging({ service: "a", onPublishFailure: "report" });
    const message = { entity_id: 1, after_data: { email: "a@b.cd" } };
    expectTypeOf(publishUserCreated(throwing, message)).resolves.toEqualTypeOf<Published>();
    expectTypeOf(publishUserCreated(explicit, message)).resolves.toEqualTypeOf<Published>();
    expectTypeOf(publishUserCreated(reporting, message)).resolves.toEqualTypeOf<Published | undefined>();
    expectTypeOf(reporting.publish(userCreated, message)).resolves.toEqualTypeOf<Published | undefined>();
  });

  it("is the same for the messaging of a catalogue", () => {
    const reporting = createCatalogueMessaging({ service: "a", onPublishFailure: "report" });
    const message = { entity_id: 1, after_data: { email: "a@b.cd" } };
    expectTypeOf(publishUserCreated(reporting, message)).resolves.toEqualTypeOf<Published | undefined>();
    expectTypeOf(publishUserCreated(createCatalogueMessaging(), message)).resolves.toEqualTypeOf<Published>();
  });
});
