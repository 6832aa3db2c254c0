// An entry of its own, so that nothing else needs vitest: `setupFiles: ["@m-erp/messaging/testing/vitest"]`.
import { expect } from "vitest";
import { type MessagingMatchers, messagingMatchers } from "../messaging/assertions.js";

expect.extend(messagingMatchers);

declare module "vitest" {
  interface Matchers<T> extends MessagingMatchers<void> {}
}
