// An entry of its own: `setupFilesAfterEnv: ["@m-erp/messaging/testing/jest"]`. It takes the global `expect`.
import { UsageError } from "../../errors.js";
import { type MessagingMatchers, messagingMatchers } from "../messaging/assertions.js";

const { expect } = globalThis as { readonly expect?: { extend?(matchers: object): void } };
if (typeof expect?.extend !== "function") {
  const remedy = "name it in setupFilesAfterEnv of Jest's configuration, or call expect.extend(messagingMatchers)";
  throw new UsageError("CONFIG_INVALID", `@m-erp/messaging/testing/jest finds no global expect: ${remedy}`);
}
expect.extend(messagingMatchers);

declare global {
  namespace jest {
    interface Matchers<R> extends MessagingMatchers<R> {}
  }
}
