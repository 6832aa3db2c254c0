import type { UserCreatedInput } from "../../generated/index.js";
import type { Stage } from "./stage.js";

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

/** The partitions of a stream, those too that are only read, by their names without the environment. */
export async function partitionsOf(stage: Stage, stream: string): Promise<readonly string[]> {
  const list = await stage.partitions.list(stream);
  return list.map((each) => each.stream.slice(list[0]?.stream.lastIndexOf(stream)));
}
