import { expectTypeOf, test } from "vitest";
import { type UserCreated, userCreated } from "../../generated/index.js";
import { type Erasable, type Erased, isErased, onlyFields, type Unerased } from "../../runtime/encryption/index.js";
import type { Descriptor } from "../../runtime/index.js";

interface Account {
  readonly id: number;
  readonly email: Erasable<string>;
  readonly notes?: readonly Erasable<{ readonly text: Erasable<string> }>[];
}

test("what may be erased has to be looked at before it is used", () => {
  const { email } = {} as Account;
  expectTypeOf(email).toEqualTypeOf<string | Erased>();
  if (!isErased(email)) expectTypeOf(email).toEqualTypeOf<string>();
});

test("nothing that is published is erased, at any depth", () => {
  interface Written {
    readonly id: number;
    readonly email: string;
    readonly notes?: readonly { readonly text: string }[];
  }
  expectTypeOf<Unerased<Account>>().toExtend<Written>();
  expectTypeOf<Written>().toExtend<Unerased<Account>>();
  expectTypeOf<Account>().not.toExtend<Unerased<Account>>();
});

test("a handler of some fields has those, and no others", () => {
  expectTypeOf(onlyFields(userCreated, ["entity_id"])).toEqualTypeOf<Descriptor<Pick<UserCreated, "entity_id">>>();
  // @ts-expect-error: it has no such field
  onlyFields(userCreated, ["entity"]);
});
