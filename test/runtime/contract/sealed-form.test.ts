import { describe, expect, it } from "vitest";
import { ERASED_TEXT } from "../../../runtime/contract/encrypt.js";
import type { Part } from "../../../runtime/contract/encrypted-parts.js";
import { Erased } from "../../../runtime/contract/erased.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { SealedForm } from "../../../runtime/contract/sealed-form.js";
import { isCiphertext, type Sealed, type Sealing } from "../../../runtime/contract/sealing.js";

const CIPHERTEXT = `e1.main.${"A".repeat(38)}`;

/** Keys that are at hand, or have to be fetched. */
class Keys implements Sealing {
  readonly hasKeys = true;
  readonly hasPeople = true;
  readonly asked: (Sealed & { readonly subjects: readonly unknown[] })[] = [];
  readonly #mustFetch: boolean;

  constructor(mustFetch = false) {
    this.#mustFetch = mustFetch;
  }

  seal(parts: readonly Part[], of: Sealed): Promise<void> | undefined {
    return this.#put(CIPHERTEXT, parts, of);
  }

  open(parts: readonly Part[], of: Sealed): Promise<void> | undefined {
    return this.#put("plain", parts, of);
  }

  #put(value: string, parts: readonly Part[], of: Sealed): Promise<void> | undefined {
    this.asked.push({ ...of, subjects: parts.map(({ subject }) => subject) });
    const put = (): void => {
      for (const part of parts) part.value = value;
    };
    if (this.#mustFetch) return Promise.resolve().then(put);
    put();
    return undefined;
  }
}

const schemaOf = (encrypt: true | "read" | "write"): JsonSchema => ({
  type: "object",
  properties: { id: {}, person: { properties: { name: { encrypt, subject: "id" }, other: { encrypt } } } },
});
const formOf = (encrypt: true | "read" | "write" = true): SealedForm =>
  SealedForm.of("person.joined", schemaOf(encrypt)) as SealedForm;
const of = (name: unknown, other?: unknown): Record<string, unknown> => ({ id: "1", person: { name, other } });

describe("a message with encrypted values", () => {
  it("is sealed and opened for its type and id", async () => {
    for (const keys of [new Keys(), new Keys(true)]) {
      const form = formOf();
      expect(await form.seal(of("Ada"), "1", keys)).toEqual(of(CIPHERTEXT));
      expect(await form.open(of(CIPHERTEXT), "1", keys)).toEqual(of("plain"));
      const asked = { type: "person.joined", id: "1", subjects: [["id"]] };
      expect(keys.asked).toMatchObject([asked, asked]);
      expect(keys.asked[0]?.placeOf({ path: ["person", "name"] })).toBe("person.name");
    }
  });

  it("is sealed as a result without persons, and by a name of its own", async () => {
    const keys = new Keys();
    await SealedForm.ofResult("who_is", schemaOf(true))?.seal(of("Ada"), "1", keys);
    expect(keys.asked).toMatchObject([{ type: "who_is result", subjects: [undefined] }]);
    expect(SealedForm.ofResult("who_is", { type: "object" })).toBeUndefined();
    expect(SealedForm.of("person.joined", { type: "object" })).toBeUndefined();
  });

  it("is written plain in the first step of a migration, and read either way in both", async () => {
    for (const step of ["read", "write"] as const) {
      const form = formOf(step);
      expect(await form.seal(of("Ada"), "1", new Keys())).toEqual(of(step === "read" ? "Ada" : CIPHERTEXT));
      expect(await form.open(of("Ada", CIPHERTEXT), "1", new Keys())).toEqual(of("Ada", "plain"));
    }
  });

  it("needs neither keys nor an id where nothing is to be sealed or opened", async () => {
    const empty = { person: {} };
    expect(await formOf().seal(empty, undefined, undefined)).toEqual(empty);
    expect(await formOf().open(empty, undefined, undefined)).toEqual(empty);
    expect(await formOf("read").seal(of("Ada"), undefined, undefined)).toEqual(of("Ada"));
    expect(await formOf("write").open(of("Ada"), undefined, undefined)).toEqual(of("Ada"));
  });

  it("is refused without keys", () => {
    const error = {
      code: "KEY_MISSING",
      message: expect.stringMatching(/^person.joined has encrypted values, and this/),
    };
    for (const keys of [undefined, { ...new Keys(), hasKeys: false } as never]) {
      expect(() => formOf().seal(of("Ada"), "1", keys)).toThrow(expect.objectContaining({ ...error, reading: false }));
      const open = (): unknown => formOf().open(of(CIPHERTEXT), "1", keys);
      expect(open).toThrow(expect.objectContaining({ ...error, reading: true }));
    }
  });

  it.each([undefined, "", 7])("is refused without an id that is a text: %j", (id) => {
    const error = { code: "CIPHERTEXT_INVALID", message: expect.stringMatching(/^person.joined has no id, to which/) };
    const seal = (): unknown => formOf().seal(of("Ada"), id, new Keys());
    const open = (): unknown => formOf().open(of(CIPHERTEXT), id, new Keys());
    expect(seal).toThrow(expect.objectContaining({ ...error, reading: false }));
    expect(open).toThrow(expect.objectContaining({ ...error, reading: true }));
  });

  it("is refused when it is plain, unless this service has kept it", async () => {
    const message = "person.joined: person.name must be encrypted, and is a plain value";
    const error = { code: "CIPHERTEXT_INVALID", message, reading: true };
    expect(() => formOf().open(of("Ada"), "1", new Keys())).toThrow(expect.objectContaining(error));
    expect(await formOf().openKept(of("Ada", CIPHERTEXT), "1", new Keys())).toEqual(of("Ada", "plain"));
  });

  it.each<[string, unknown, RegExp]>([
    ["a function", () => {}, /^cannot be written as JSON$/],
    ["a bigint", { amount: 1n }, /^cannot be written as JSON$/],
    ["a number beyond what JavaScript holds", { amount: 2 ** 60 }, /cannot hold exactly/],
  ])("is refused before it is sealed, with a value that nobody could read: %s", (_, value, message) => {
    const issues = [{ path: "person.other", message: expect.stringMatching(message) }];
    const seal = (): unknown => formOf().seal(of("Ada", value), "1", new Keys());
    expect(seal).toThrow(expect.objectContaining({ code: "CONTRACT_VIOLATED", issues }));
  });

  it("is plain if any of its values is", () => {
    expect(formOf().isPlain(of(CIPHERTEXT, CIPHERTEXT))).toBe(false);
    expect(formOf().isPlain(of(CIPHERTEXT, "Ada"))).toBe(true);
  });

  it("is checked with a text in place of what was erased, once anything was", () => {
    const erased = new Erased("2026-11-23T10:30:00Z");
    expect(formOf().withErasedText(of("Ada", erased))).toEqual(of("Ada", ERASED_TEXT));
    expect(formOf().erasedIn(of("Ada", erased))).toBe(erased);
    expect(formOf().erasedIn(of("Ada"))).toBeUndefined();
    for (const given of [of("Ada"), null, "text"]) expect(formOf().withErasedText(given)).toBeUndefined();
  });
});

it("a ciphertext is a text", () => {
  expect([CIPHERTEXT, [CIPHERTEXT], "Ada", undefined].map(isCiphertext)).toEqual([true, false, false, false]);
});
