import { describe, expectTypeOf, it } from "vitest";
import {
  createMessaging,
  healthReport,
  infoNotification,
  type UserCreated,
  userCreated,
  userDeleted,
  validateToken,
  warningNotification,
} from "../../generated/index.js";
import { type Upcaster, upcaster } from "../../runtime/index.js";
import { userCreatedV2 } from "../support/user-versions.js";

const after_data = { name: "Ada", mail: "ada@example.com" };

describe("an upcaster", () => {
  it("is given the old message, and gives the new one without its envelope", () => {
    const step = upcaster(userCreated, userCreatedV2, (old) => {
      expectTypeOf(old).toEqualTypeOf<UserCreated>();
      return { after_data: { name: old.after_data.first_name ?? "", mail: old.after_data.email ?? "" } };
    });
    expectTypeOf(step).toEqualTypeOf<Upcaster>();
    upcaster(userCreated, userCreatedV2, (old) => ({ ...old, after_data }));
    upcaster(infoNotification, warningNotification, (old) => old);
    createMessaging({ service: "a", upcasters: [step] });
  });

  it("does not compile when it gives something else", () => {
    // @ts-expect-error the old shape
    upcaster(userCreated, userCreatedV2, (old) => old);
    // @ts-expect-error a property is missing
    upcaster(userCreated, userCreatedV2, () => ({ after_data: { name: "Ada" } }));
    // @ts-expect-error another type
    upcaster(userCreated, userCreatedV2, () => ({ after_data: { name: "Ada", mail: 7 } }));
    // @ts-expect-error no such property of the old one
    upcaster(userCreated, userCreatedV2, ({ after_data: { nmae } }) => ({ after_data: { ...after_data, name: nmae } }));
    // @ts-expect-error a promise
    upcaster(userCreated, userCreatedV2, async () => ({ after_data }));
    // @ts-expect-error nothing
    upcaster(userCreated, userCreatedV2, () => {});
  });

  it("does not compile between kinds, nor for commands and reports", () => {
    // @ts-expect-error a notification
    upcaster(userCreated, warningNotification, (old) => old);
    // @ts-expect-error a command
    upcaster(validateToken, validateToken, (old) => old);
    // @ts-expect-error a report
    upcaster(healthReport, healthReport, (old) => old);
    // @ts-expect-error no upcasters
    createMessaging({ service: "a", upcasters: [userDeleted] });
  });
});
