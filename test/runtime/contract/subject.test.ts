import { expect, it } from "vitest";
import { subjectField, subjectOf } from "../../../runtime/contract/subject.js";

it.each([
  ["entity_id", undefined, ["entity_id"]],
  ["user_id", "user", ["user_id"]],
  ["payload.owner_id", "owner", ["payload", "owner_id"]],
  ["payload.owner_id_text", "owner_id_text", ["payload", "owner_id_text"]],
  ["person:payload.id", "person", ["payload", "id"]],
  ["person:entity_id", "person", ["entity_id"]],
])("the subject %s names a field and the kind of a person", (subject, kind, path) => {
  expect(subjectField(subject)).toEqual({ kind, path });
});

it.each<[string, readonly string[], Record<string, unknown>, string | undefined]>([
  ["by the entity", ["entity_id"], { entity_type: "User", entity_id: 7 }, "user:7"],
  ["by a text", ["payload.user_id"], { payload: { user_id: "a" } }, "user:a"],
  ["by the first field that there is", ["user_id", "owner_id", "payload.id"], { owner_id: 1, payload: {} }, "owner:1"],
  ["by no empty text", ["user_id"], { user_id: "" }, undefined],
  ["by no fraction", ["user_id"], { user_id: 1.5 }, undefined],
  ["by no object", ["user_id"], { user_id: { id: 1 } }, undefined],
  ["by no entity without a type", ["entity_id"], { entity_id: 7 }, undefined],
  ["by nothing inherited", ["user:payload.constructor.name"], { payload: {} }, undefined],
  ["by nothing in a text", ["user:payload.0"], { payload: "abc" }, undefined],
  ["by nothing in null", ["user:payload.id"], { payload: null }, undefined],
])("a message names its person %s", (_, subjects, message, person) => {
  expect(subjectOf(subjects, message)).toBe(person);
});
