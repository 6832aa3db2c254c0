import type { Redis } from "ioredis";
import { userCreated } from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";
import { packed } from "../../runtime/broker/packed.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { indexed } from "../../runtime/redis/letters.js";

export interface Letters {
  /** Of so many causes, in turn. */
  readonly causes: number;
  /** How many bytes are added to each entry. */
  readonly entryBytes: number;
}

const GROUP = "billing-workers";
const CODES = ["ECONNREFUSED", "E_TENANT", "23505", "HANDLER_TIMEOUT", "E_STATE"];
const STACK =
  "    at onUserCreated (/app/handlers/user-created.js:12:34)\n    at run (/app/node_modules/pg/index.js:1:1)";

/** Adds so many dead letters of `user.created` as a consumer writes them, a millisecond apart, each with other ids and texts. */
export async function fillLetters(redis: Redis, count: number, { causes, entryBytes }: Letters): Promise<void> {
  const began = Date.now() - count;
  for (let from = 0; from < count; from += 1000) {
    const adding = redis.pipeline();
    for (let at = from; at < Math.min(count, from + 1000); at++) {
      const id = `${began + at}-0`;
      adding.xadd("{events}:dead", id, ...fieldsOf(at, { causes, entryBytes }));
      adding.zadd("{events}:dead:index", 0, indexed(GROUP, "open", id));
    }
    await adding.exec();
  }
}

function fieldsOf(at: number, { causes, entryBytes }: Letters): string[] {
  const metadata = { note: "x".repeat(entryBytes) };
  const message = { ...exampleUserCreated({ entity_id: at + 1 }), id: crypto.randomUUID(), metadata };
  const code = CODES[at % causes] as string;
  const failure = { at: message.timestamp, name: "Error", code, message: `${code} for user ${at}`, stack: STACK };
  const place = { stream: "events", group: GROUP, consumer: "billing-1", entry_id: `${at + 1}-1`, attempts: "2" };
  const labels = {
    type: "user.created",
    message_id: message.id,
    service: "billing",
    failed_at: failure.at,
    reason: code,
  };
  const original = packed(contractOf(userCreated).write({ ...message }, "fields"));
  return Object.entries({ ...place, errors: JSON.stringify([failure, failure]), ...labels, original }).flat();
}
