import { expect, it } from "vitest";
import type { Failure } from "../../../runtime/handle/failure.js";
import { type Cause, CauseReader, normalised } from "../../../runtime/letters/cause.js";

it.each([
  ["connect ECONNREFUSED 10.0.3.7:5432", "connect ECONNREFUSED #:#"],
  ["user 7f3a9c2e-8d1b-4c55-9e0f-aa12bb34cc56 is unknown", "user # is unknown"],
  ["order ORD-2026-00017 of ada@example.com is closed", "order # of # is closed"],
  ['unique constraint "users_pkey" (id)=(20807)', 'unique constraint "…" (id)=(#)'],
  ["Cannot read properties of undefined (reading 'id')", "Cannot read properties of undefined (reading '…')"],
  ["it can't be read, and isn't written", "it can't be read, and isn't written"],
  ["Request failed with status code 503 after 1200 ms", "Request failed with status code 503 after # ms"],
  ["HTTP 404: no such page", "HTTP 404: no such page"],
  ["after_data.items[12].sku is too long", "after_data.items[#].sku is too long"],
  ["two\n  lines\tof text", "two lines of text"],
  ["für Größe 12 zu groß", "für Größe # zu groß"],
])("takes out of %j what differs from message to message", (text, same) => {
  expect(normalised(text)).toBe(same);
});

it("reads a text of any length in few steps", () => {
  for (const text of ["a".repeat(100_000), "a_".repeat(50_000), `"${"x".repeat(100_000)}`, "a@".repeat(50_000)]) {
    expect(normalised(text).length).toBeLessThanOrEqual(301);
  }
});

const stack = (line: number, folder = "/app"): string =>
  [
    "    at JSON.parse (<anonymous>)".replace("<anonymous>", "node:internal/json:1:2"),
    `    at onUserCreated (${folder}/handlers/user-created.js:${line}:7)`,
    "    at run (/app/node_modules/pg/index.js:1:1)",
  ].join("\n");
const error: Failure = { at: "2026-01-01T00:00:00Z", name: "Error", code: "E_DB", message: "user 7", stack: stack(12) };
const died = { type: "user.created", group: "billing-workers", reason: "E_DB", error };

function idOf(more: Partial<typeof died>): string {
  return new CauseReader().of({ ...died, ...more }).id;
}

it("tells the same cause by the same id, in any process", () => {
  const cause: Cause = new CauseReader().of(died);
  expect(cause).toEqual({
    ...{
      id: "aaf7e6b623",
      type: "user.created",
      group: "billing-workers",
      name: "Error",
      code: "E_DB",
      text: "user #",
    },
    frame: "onUserCreated (/app/handlers/user-created.js:#:#)",
  });
  const same = { ...error, at: "2027-01-01T00:00:00Z", message: "user 8", stack: stack(40) };
  expect(idOf({ error: same })).toBe(cause.id);
});

it("tells causes apart by type, group, error and place", () => {
  const others: readonly Partial<typeof died>[] = [
    { type: "user.deleted" },
    { group: "audit-workers" },
    { error: { ...error, code: "E_OTHER" } },
    { error: { ...error, name: "TypeError" } },
    { error: { ...error, message: "company 7" } },
    { error: { ...error, stack: stack(12, "/srv") } },
  ];
  expect(new Set([idOf({}), ...others.map(idOf)]).size).toBe(others.length + 1);
});

it("remembers no more causes than it is given room for, and tells each the same again", () => {
  const reader = new CauseReader();
  const of = (word: string): string => reader.of({ ...died, error: { ...error, message: word } }).id;
  const words = Array.from({ length: 2500 }, (_, at) => `word ${"ab".repeat(at % 50)} ${"c".repeat(at / 50)}`);
  const first = words.map(of);
  expect(new Set(first).size).toBe(2500);
  expect(words.map(of)).toEqual(first);
});
