import { expect, it } from "vitest";
import { camelCase, isIdentifier, pascalCase } from "../../../codegen/model/casing.js";

it.each([
  ["user.logged_in", "UserLoggedIn"],
  ["_user--logged in.", "UserLoggedIn"],
  ["größe.ändern", "GrößeÄndern"],
  ["v2.$price", "V2$price"],
  ["HTTPFailed", "HTTPFailed"],
])("a type is named after %s: %s", (text, name) => {
  expect(pascalCase(text)).toBe(name);
});

it.each([
  ["UserLoggedIn", "userLoggedIn"],
  ["HTTPFailed", "httpFailed"],
  ["HTTP", "http"],
  ["ÄnderungX", "änderungX"],
  ["already", "already"],
  ["alreadyHTTP", "alreadyHTTP"],
  ["xHTTPFailed", "xHTTPFailed"],
])("a constant is named after %s: %s", (name, constant) => {
  expect(camelCase(name)).toBe(constant);
});

it.each(["A", "_a", "$a$1", "größe", "a2"])("a type can be named %s", (text) => {
  expect(isIdentifier(text)).toBe(true);
});

it.each(["", "2a", "a-b", "a b", " a", "a ", "a.b", "\n"])("a type cannot be named %j", (text) => {
  expect(isIdentifier(text)).toBe(false);
});
