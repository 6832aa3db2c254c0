import type { UserCreatedInput } from "../../generated/index.js";

/** A user that was created. */
export function user(id: number, more: Partial<UserCreatedInput> = {}): UserCreatedInput {
  return { entity_id: id, after_data: { email: `user-${id}@example.com` }, ...more };
}

/** All that an iterable yields. */
export async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const list: Value[] = [];
  for await (const value of values) list.push(value);
  return list;
}
