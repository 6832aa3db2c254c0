import { type MemoryState, memoryState } from "../../../../runtime/testing/index.js";

/** The data of a small service: members with their points, what was handled, and mails that wait in an outbox. */
interface Data {
  readonly members: Map<string, { points: number; version: number }>;
  readonly handled: Set<string>;
  readonly claims: Map<string, "begun" | "done">;
  readonly outbox: Map<string, string>;
}

interface Statements {
  find(id: string): Promise<{ points: number; version: number } | undefined>;
  /** Fails if the member is there, as a unique constraint has it. */
  insert(id: string, points: number): Promise<void>;
  upsert(id: string, points: number): Promise<void>;
  /** Returns whether the member had that version. */
  update(id: string, points: number, version: number): Promise<boolean>;
  increment(id: string, points: number): Promise<void>;
  isHandled(key: string): Promise<boolean>;
  /** Returns whether the key was new. */
  note(key: string): Promise<boolean>;
  claim(key: string): Promise<boolean>;
  complete(key: string): Promise<void>;
  queueMail(key: string, to: string): Promise<void>;
  queuedMails(): Promise<readonly (readonly [key: string, to: string])[]>;
  sent(key: string): Promise<void>;
}

/** Its database: each method is one statement. */
export type Bank = MemoryState<Data, Statements>;

export const bank = (): Bank =>
  memoryState<Data, Statements>(
    {
      members: new Map([["ada", { points: 5, version: 1 }]]),
      handled: new Set(),
      claims: new Map(),
      outbox: new Map(),
    },
    (data) => ({
      find: async (id) => structuredClone(data.members.get(id)),
      insert: async (id, points) => {
        if (data.members.has(id)) throw new UniqueViolation(id);
        data.members.set(id, { points, version: 1 });
      },
      upsert: async (id, points) => void data.members.set(id, { points, version: 1 }),
      update: async (id, points, version) => {
        if (data.members.get(id)?.version !== version) return false;
        data.members.set(id, { points, version: version + 1 });
        return true;
      },
      increment: async (id, points) => {
        const { points: before = 0 } = data.members.get(id) ?? {};
        data.members.set(id, { points: before + points, version: 1 });
      },
      isHandled: async (key) => data.handled.has(key),
      note: async (key) => data.handled.size < data.handled.add(key).size,
      claim: async (key) => !data.claims.has(key) && data.claims.set(key, "begun") !== undefined,
      complete: async (key) => void data.claims.set(key, "done"),
      queueMail: async (key, to) => void data.outbox.set(key, to),
      queuedMails: async () => [...data.outbox],
      sent: async (key) => void data.outbox.delete(key),
    }),
  );

export class UniqueViolation extends Error {
  constructor(id: string) {
    super(`duplicate key ${id}`);
  }
}

/** What leaves the service. */
export interface Outside {
  sendMail(to: string, key?: string): Promise<void>;
  pay(amount: number, key: string): Promise<{ receipt: string }>;
}

export const outside = (): Outside => ({
  sendMail: async () => undefined,
  pay: async (_, key) => ({ receipt: `receipt of ${key}` }),
});
