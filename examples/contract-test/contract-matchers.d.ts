import type { Descriptor } from "@m-erp/messaging";

declare module "vitest" {
  interface Matchers<T> {
    /** Asserts that a whole message keeps its contract; names every violation where it does not. */
    toKeepContract(contract: Descriptor): T;
  }
}
