import type { Descriptor } from "@m-erp/messaging";

declare module "vitest" {
  interface Matchers<T> {
    /** Asserts that a complete message keeps its contract. A failure lists every violation. */
    toKeepContract(contract: Descriptor): T;
  }
}
