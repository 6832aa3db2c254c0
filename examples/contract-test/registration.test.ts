import { ContractError, userCreated } from "@m-erp/messaging";
import { assertContract, exampleUserCreated } from "@m-erp/messaging/testing";
import "@m-erp/messaging/testing/vitest";
import { expect, test } from "vitest";
import { type AccountRow, greeting, toUser } from "./registration.js";

const row: AccountRow = {
  id: 124,
  email: "grace@example.com",
  first_name: "Grace",
  last_name: null,
  password_hash: "$argon2id$v=19$m=65536",
};

test("what registration publishes keeps its contract", () => {
  expect(exampleUserCreated({ after_data: toUser(row) })).toKeepContract(userCreated);
});

test("a whole row does not: its password hash must never reach the bus", () => {
  const message = { ...exampleUserCreated(), after_data: row };

  expect(message).not.toKeepContract(userCreated);
  expect(() => assertContract(userCreated, message)).toThrow(ContractError);
  expect(() => assertContract(userCreated, message)).toThrow(/after_data\.password_hash/);
});

test("greets by name", () => {
  expect(greeting(exampleUserCreated({ after_data: { first_name: "Grace" } }))).toBe("Welcome, Grace!");
});

test("greets by address where there is no name", () => {
  const nameless = exampleUserCreated({ after_data: { email: "grace@example.com", first_name: undefined } });

  expect(greeting(nameless)).toBe("Welcome, grace@example.com!");
});
