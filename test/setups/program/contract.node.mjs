import assert from "node:assert/strict";
import test from "node:test";
import { userCreated } from "@m-erp/messaging";
import { assertContract, exampleUserCreated } from "@m-erp/messaging/testing";

test("a user keeps the contract", () => {
  assertContract(userCreated, exampleUserCreated());
  assert.throws(() => assertContract(userCreated, { ...exampleUserCreated(), extra: 1 }), {
    code: "CONTRACT_VIOLATED",
  });
});
