import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { expectTypeOf, it } from "vitest";
import {
  type CreateUser,
  createUser,
  healthReport,
  type Publishable,
  type Publisher,
  publishUserCreated,
  successNotification,
  type UserCreated,
  userCreated,
  type WithoutStandard,
  withStandard,
} from "../../generated/index.js";

it("a descriptor is a Standard Schema and a Standard JSON Schema by the types of the specification", () => {
  expectTypeOf(userCreated).toExtend<StandardSchemaV1<UserCreated>>();
  expectTypeOf(userCreated).toExtend<StandardJSONSchemaV1<UserCreated>>();
  expectTypeOf(createUser).toExtend<StandardSchemaV1<CreateUser>>();
  expectTypeOf(successNotification).toExtend<StandardSchemaV1 & StandardJSONSchemaV1>();
  expectTypeOf(healthReport).toExtend<StandardSchemaV1 & StandardJSONSchemaV1>();
  expectTypeOf<StandardSchemaV1.InferOutput<typeof userCreated>>().toEqualTypeOf<UserCreated>();
  expectTypeOf<StandardSchemaV1.InferInput<typeof createUser>>().toEqualTypeOf<CreateUser>();
});

it("a descriptor of one message is not a schema of another", () => {
  expectTypeOf(userCreated).not.toExtend<StandardSchemaV1<CreateUser>>();
});

it("a publisher of one's own is told that the validator may be missing, and how to have it", () => {
  const kept: StandardSchemaV1[] = [];
  const outbox: Publisher<number> = {
    publish: async <Input>(descriptor: WithoutStandard<Publishable<unknown, Input>>) => {
      // @ts-expect-error a bundle of helpers alone has no validator
      descriptor["~standard"];
      return kept.push(withStandard<Publishable<unknown, Input>>(descriptor));
    },
  };
  expectTypeOf(
    publishUserCreated(outbox, { entity_id: 1, after_data: { email: "a@example.com" } }),
  ).resolves.toBeNumber();
});
