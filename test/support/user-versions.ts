import { type UserCreated, userCreated } from "../../generated/index.js";
import { defineEvent, type EventDescriptor, type JsonSchema, type Upcaster, upcaster } from "../../runtime/index.js";

type Envelope = Omit<UserCreated, "event_type" | "before_data" | "after_data" | "changes">;

/** The second version of `user.created`: the user has one name, which every user has. */
export interface UserCreatedV2 extends Envelope {
  event_type: "user.created.v2";
  after_data: { name: string; mail: string };
}

/** The third: the name is known by its length alone. */
export interface UserCreatedV3 extends Envelope {
  event_type: "user.created.v3";
  after_data: { letters: number };
}

export const userCreatedV2: EventDescriptor<
  UserCreatedV2,
  Pick<UserCreatedV2, "entity_id" | "after_data">
> = defineEvent("user.created.v2", version("user.created.v2", { name: "string", mail: "string" }));

export const userCreatedV3: EventDescriptor<
  UserCreatedV3,
  Pick<UserCreatedV3, "entity_id" | "after_data">
> = defineEvent("user.created.v3", version("user.created.v3", { letters: "integer" }));

export const toV2: Upcaster = upcaster(userCreated, userCreatedV2, (old) => ({
  ...old,
  after_data: { name: `${old.after_data.first_name ?? "?"}`, mail: `${old.after_data.email}` },
}));

export const toV3: Upcaster = upcaster(userCreatedV2, userCreatedV3, ({ after_data }) => ({
  after_data: { letters: after_data.name.length },
}));

/** The envelope of `user.created` around other data. */
function version(type: string, data: Readonly<Record<string, "string" | "integer">>): JsonSchema {
  const { before_data: _, changes: __, ...envelope } = userCreated.schema.properties ?? {};
  const properties = Object.fromEntries(Object.entries(data).map(([name, is]) => [name, { type: is }]));
  return {
    ...userCreated.schema,
    properties: {
      ...envelope,
      event_type: { const: type },
      after_data: { type: "object", properties, required: Object.keys(data) },
    },
  };
}
