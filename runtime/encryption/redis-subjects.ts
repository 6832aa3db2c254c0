import { Confirmation, type WaitingClient, type WaitOptions } from "./confirmation.js";
import type { ErasedKey, SubjectKey, SubjectKeys, SubjectStore } from "./subject-store.js";

/** The part of a Redis client that is used. A client of ioredis has it. */
export interface HashClient extends WaitingClient {
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  eval(script: string, keys: 1, key: string, ...args: string[]): Promise<unknown>;
  hscan(key: string, cursor: string, count: "COUNT", most: number): Promise<[cursor: string, elements: string[]]>;
}

/** Settings of {@link redisSubjects}. */
export interface RedisSubjectsOptions extends WaitOptions {
  /** The name of the hash. @defaultValue "subject-keys", behind the environment's prefix */
  readonly key?: string;
}

/** The hash that holds them, but for the prefix of an environment. */
export const SUBJECTS_HASH = "subject-keys";
const PAGE = 200;
/** The field beside a person's, with the keys that were destroyed. No person's kind begins so. */
const ERASED = "erased ";

/**
 * Keeps a person's key unless there is one. KEYS: the hash. ARGV: the person's field, the key, marked as unconfirmed. Returns
 * what is kept.
 */
const ADD = `
local text = redis.call('HGET', KEYS[1], ARGV[1])
if text and not cjson.decode(text).unconfirmed then return text end
-- Replicas confirm only what was written: what an earlier call left unconfirmed is written once more.
redis.call('HSET', KEYS[1], ARGV[1], text or ARGV[2])
return text or ARGV[2]
`;

/** Replaces what is kept if it is still the same. KEYS: the hash. ARGV: the person's field, what is kept, what to keep. */
const SETTLE = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return nil
`;

/**
 * Destroys a person's key and notes that, in one step. KEYS: the hash. ARGV: the person's field, the field beside it, the
 * time. Returns the key, or nothing.
 */
const ERASE = `
local text = redis.call('HGET', KEYS[1], ARGV[1])
local known = redis.call('HGET', KEYS[1], ARGV[2])
if not text then
  -- Replicas confirm only what was written: a repeat writes it once more.
  if known then redis.call('HSET', KEYS[1], ARGV[2], known) end
  return nil
end
local erased = cjson.decode(known or '[]')
erased[#erased + 1] = { id = cjson.decode(text).id, at = ARGV[3] }
redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(erased))
redis.call('HDEL', KEYS[1], ARGV[1])
return text
`;

/** Replaces a person's key by the same key, wrapped anew. KEYS: the hash. ARGV: the person's field, the key's id, the key. */
const REWRAP = `
local text = redis.call('HGET', KEYS[1], ARGV[1])
if text and cjson.decode(text).id == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return nil
`;

/** Writes something that is kept once more, as it is, so that replicas confirm it with all that was written before. KEYS: the hash. */
const REPEAT = `
local cursor = '0'
repeat
  local page = redis.call('HSCAN', KEYS[1], cursor)
  cursor = page[1]
  if page[2][1] then
    redis.call('HSET', KEYS[1], page[2][1], page[2][2])
    return nil
  end
until cursor == '0'
return nil
`;

/**
 * Keeps the keys of people in a hash of Redis. A Redis of its own, without the messages and with backups that are kept for
 * a short time only, is better than that of the messages: a backup that holds both restores what was erased.
 * @example
 * const people = redisSubjects(new Redis("rediss://keys.internal:6379"));
 * const messaging = createMessaging({ service: "hr", extensions: [encryption({ keys: environmentKeys(), people })] });
 */
export function redisSubjects(client: HashClient, options: RedisSubjectsOptions = {}): SubjectStore {
  return new RedisSubjects(client, options);
}

class RedisSubjects implements SubjectStore {
  readonly #client: HashClient;
  readonly #isNamed: boolean;
  readonly #confirmation: Confirmation;
  #hash: string;

  constructor(client: HashClient, { key, ...waiting }: RedisSubjectsOptions) {
    this.#client = client;
    this.#confirmation = new Confirmation(client, waiting);
    this.#isNamed = key !== undefined;
    this.#hash = key ?? SUBJECTS_HASH;
  }

  placed({ environment }: { readonly environment: string }): void {
    if (!this.#isNamed) this.#hash = environment === "development" ? SUBJECTS_HASH : `${environment}:${SUBJECTS_HASH}`;
  }

  async get(subject: string): Promise<SubjectKeys> {
    const [key = null, erased = null] = await this.#client.hmget(this.#hash, subject, ERASED + subject);
    return {
      key: key === null ? undefined : (JSON.parse(key) as SubjectKey),
      erased: erased === null ? [] : (JSON.parse(erased) as readonly ErasedKey[]),
    };
  }

  async add(subject: string, key: SubjectKey): Promise<SubjectKeys> {
    const added = JSON.stringify({ ...key, unconfirmed: true });
    const text = String(await this.#client.eval(ADD, 1, this.#hash, subject, added));
    const { unconfirmed, ...confirmed } = JSON.parse(text) as SubjectKey;
    if (unconfirmed === true) {
      await this.#confirmation.of(`the new key of ${subject} is kept`);
      await this.#client.eval(SETTLE, 1, this.#hash, subject, text, JSON.stringify(confirmed));
    }
    return this.get(subject);
  }

  async erase(subject: string, at: string): Promise<SubjectKey | undefined> {
    const text = await this.#client.eval(ERASE, 1, this.#hash, subject, ERASED + subject, at);
    await this.#confirmation.of(`the key of ${subject} is destroyed`);
    return typeof text === "string" ? (JSON.parse(text) as SubjectKey) : undefined;
  }

  async *all(): AsyncIterable<readonly (readonly [string, SubjectKey])[]> {
    let cursor = "0";
    do {
      const [next, elements] = await this.#client.hscan(this.#hash, cursor, "COUNT", PAGE);
      cursor = next;
      const page: (readonly [string, SubjectKey])[] = [];
      for (let at = 0; at < elements.length; at += 2) {
        const [field, value] = elements.slice(at, at + 2) as [string, string];
        if (!field.startsWith(ERASED)) page.push([field, JSON.parse(value) as SubjectKey]);
      }
      yield page;
    } while (cursor !== "0");
  }

  async rewrap(subject: string, key: SubjectKey): Promise<void> {
    await this.#client.eval(REWRAP, 1, this.#hash, subject, key.id, JSON.stringify(key));
    await this.#confirmation.of(`the key of ${subject} is wrapped anew`);
  }

  async confirm(): Promise<void> {
    await this.#client.eval(REPEAT, 1, this.#hash);
    await this.#confirmation.of("what was changed in the keys of people is kept");
  }
}
