import { expect, it } from "vitest";
import { userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { keyed } from "../../../runtime/contract/key.js";
import { editedEntry } from "../../../runtime/letters/edited-entry.js";

it.each(["fields", "json"] as const)("an edited copy in the encoding %s keeps the key of the original", (encoding) => {
  const message = exampleUserCreated({ entity_id: 1 });
  const original = contractOf(userCreated).write({ ...message }, encoding);
  const limits = { descriptor: userCreated, maxBytes: 100_000 };
  const { entry } = editedEntry(keyed(original, "customer 7"), { ...message, entity_id: 2 }, limits);
  expect(entry.slice(-2)).toEqual(["merp_key", "customer 7"]);
  expect(editedEntry(original, { ...message, entity_id: 2 }, limits).entry).not.toContain("merp_key");
});
