import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { bundlesOf } from "../../../codegen/bundle/bundle.js";
import type { PlainMessage } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import type { Descriptor } from "../../../runtime/contract/descriptor.js";
import { encryption, environmentKeys } from "../../../runtime/encryption/index.js";
import { joined, login } from "../../runtime/encryption/contract.js";

const keys = environmentKeys({ env: { MESSAGE_KEYS: `a:${Buffer.alloc(32, 1).toString("base64")}` } });
const { sealing } = encryption({ keys }).extend({ service: "people", environment: "test" });

const after_data = {
  name: "Ada",
  age: 41,
  tags: ["one", "other"],
  notes: { a: { b: 1 } },
  contacts: [{ kind: "mail", address: "ada@example.com" }, { kind: "none" }],
  profile: null,
};
const plain: PlainMessage = {
  ...{ id: "7", type: "event", event_type: "person.joined", entity_type: "person", entity_id: 7, after_data },
};
const onWire = contractOf(joined).seal(plain, sealing) as PlainMessage;
const compile = {
  "2020-12": (schema: object) => new Ajv2020({ strict: true, strictTypes: false }).compile(schema),
  "7": (schema: object) => new Ajv({ strict: true, strictTypes: false }).compile(schema),
};
const of = (descriptor: object, name: string) => ({ descriptor: descriptor as Descriptor, name });

describe.each(["2020-12", "7"] as const)("a bundled schema of JSON Schema %s", (draft) => {
  it.each(["reader", "writer"] as const)("takes what is on the wire of encrypted values, for a %s", (side) => {
    const [bundle] = bundlesOf(of(joined, "PersonJoined"), { draft, side });
    const check = compile[draft](bundle?.schema as object);
    expect([check(onWire), check.errors]).toEqual([true, null]);
    for (const [name, value] of Object.entries(after_data)) {
      const sealed = onWire["after_data"] as object;
      expect(check({ ...onWire, after_data: { ...sealed, [name]: value } }), name).toBe(false);
    }
  });

  it("takes the result of a command as it is on the wire", () => {
    const [command, result] = bundlesOf(of(login, "LogIn"), { draft }).map(({ schema }) => compile[draft](schema));
    const token = `s1.${"A".repeat(22)}.${"A".repeat(38)}`;
    expect([result?.({ token }), result?.({ token: "a token" })]).toEqual([true, false]);
    const sent = { id: "7", type: "command", command_type: "log_in" };
    expect(command?.({ ...sent, payload: { password: `w1.a.AAAA.${"A".repeat(38)}` } })).toBe(true);
    expect(command?.({ ...sent, payload: { password: "a password" } })).toBe(false);
  });

  it.each(["read", "write"] as const)("takes both forms during the step %s", (encrypt) => {
    const field = { type: "string", maxLength: 5, sensitive: true, encrypt };
    const schema = { ...joined.schema, properties: { ...joined.schema.properties, name: field } };
    const [bundle] = bundlesOf(of({ ...joined, schema }, "PersonJoined"), { draft });
    const check = compile[draft](bundle?.schema as object);
    const takes = (name: string): boolean => check({ ...onWire, name });
    expect([takes("Ada"), takes(`e1.a.${"A".repeat(38)}`), takes("Ada Lovelace")]).toEqual([true, true, false]);
  });
});
