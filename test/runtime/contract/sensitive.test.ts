import { inspect } from "node:util";
import { describe, expect, it } from "vitest";

import { createUser, type JsonSchema, userCreated, userLoggedIn, validateToken } from "../../../generated/index.js";
import { exampleUserCreated, exampleUserLoggedIn, exampleValidateToken } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { isSensitive } from "../../../runtime/contract/violation.js";

describe("a sensitive value", () => {
  const secret = "hunter2";

  it("is not repeated in an issue, whatever is wrong with it", () => {
    const login = exampleUserLoggedIn({ after_data: { ip_address: secret, session_id: "" } });
    const user = { ...exampleUserCreated(), after_data: { email: "a@b.cd", username: 5, phone: { number: secret } } };
    const command = { email: secret, password: [secret] };
    const said = JSON.stringify([
      contractOf(userLoggedIn).violations(login),
      contractOf(userCreated).violations(user),
      contractOf(createUser).violations({ payload: command }),
      contractOf(validateToken).violations({ ...exampleValidateToken(), payload: { token: 12_345_678 } }),
    ]);
    expect(said).toContain("after_data.ip_address");
    expect(said).toContain("payload.password");
    expect(said).toContain("payload.token");
    expect(said).toContain("after_data.username");
    expect(said).not.toContain(secret);
    expect(said).not.toContain("12345678");
  });

  it("is not repeated when it is read either", () => {
    const entry = contractOf(userLoggedIn)
      .write({ ...exampleUserLoggedIn() }, "json")
      .map((text) => text.replace(/"ip_address":"[^"]*"/, `"ip_address":"${secret}"`));
    expect(entry.join()).toContain(secret);
    const refused = expect.objectContaining({
      message: expect.stringMatching(/after_data\.ip_address must be an IPv4/),
    });
    expect(() => contractOf(userLoggedIn).read(entry)).toThrow(refused);
    try {
      contractOf(userLoggedIn).read(entry);
    } catch (error) {
      expect(inspect(error)).not.toContain(secret);
    }
  });

  it("is known by references, lists, unions, maps and by whatever holds it", () => {
    const schema: JsonSchema = {
      properties: {
        direct: { sensitive: true },
        byReference: { $ref: "#/$defs/Secret" },
        list: { items: { $ref: "#/$defs/Secret" } },
        union: { anyOf: [{ type: "null" }, { sensitive: true }] },
        map: { additionalProperties: { sensitive: true } },
        holder: { sensitive: true, properties: { inner: { type: "string" } } },
        plain: { type: "string" },
        loop: { $ref: "#/$defs/Loop" },
      },
      $defs: { Secret: { sensitive: true }, Loop: { $ref: "#/$defs/Loop" } },
    };
    const sensitive = ["direct", "byReference", "list/0", "union", "map/any", "holder/inner", "loop"];
    expect(sensitive.filter((path) => !isSensitive(schema, path.split("/")))).toEqual([]);
    expect(isSensitive(schema, ["plain"])).toBe(false);
  });
});
