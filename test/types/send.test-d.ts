import { describe, expectTypeOf, it } from "vitest";

import {
  type CreateUserResult,
  type Messaging,
  sendCreateUser,
  sendValidateToken,
  userCreated,
  type ValidateTokenResult,
  validateToken,
} from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";

declare const messaging: Messaging;

describe("sending", () => {
  it("resolves to the command's own result", () => {
    expectTypeOf(sendValidateToken(messaging, { token: "t" })).resolves.toEqualTypeOf<ValidateTokenResult>();
    expectTypeOf(messaging.send(validateToken, { token: "t" })).resolves.toEqualTypeOf<ValidateTokenResult>();
    expectTypeOf(sendCreateUser(messaging, { email: "a@b.cd" })).resolves.toEqualTypeOf<CreateUserResult>();
    expectTypeOf<ValidateTokenResult["valid"]>().toEqualTypeOf<boolean>();
  });

  it("does not compile with a wrong payload", () => {
    // @ts-expect-error the token is missing
    void sendValidateToken(messaging, {});
    // @ts-expect-error misspelt
    void sendValidateToken(messaging, { token: "t", tokn: "t" });
    // @ts-expect-error the token is text
    void sendValidateToken(messaging, { token: 5 });
    // @ts-expect-error the same by the descriptor
    void messaging.send(validateToken, { token: 5 });
    // @ts-expect-error the unit is in the name
    void sendValidateToken(messaging, { token: "t" }, { timeout: 5 });
    void sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 5, targetService: "other" });
  });

  it("does not take an event", () => {
    // @ts-expect-error an event is published
    void messaging.send(userCreated, { entity_id: 1, after_data: { email: "a@b.cd" } });
  });
});

describe("an example of a message", () => {
  it("takes changes at any depth, typed", () => {
    exampleUserCreated({ after_data: { email: "a@b.cd" }, company_id: undefined });
    // @ts-expect-error misspelt
    exampleUserCreated({ after_data: { emial: "a@b.cd" } });
    // @ts-expect-error email is text
    exampleUserCreated({ after_data: { email: 5 } });
  });
});
