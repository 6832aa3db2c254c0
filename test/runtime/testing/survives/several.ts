import type { Handler, UserUpdated } from "../../../../generated/index.js";
import { type MemoryState, memoryState, type World } from "../../../../runtime/testing/index.js";

interface Data {
  /** The name of a user, and when that was. */
  readonly names: Map<string, { name: string; at: string }>;
  readonly handled: Set<string>;
  readonly counted: Map<string, number>;
}

interface Statements {
  name(user: string): Promise<{ name: string; at: string } | undefined>;
  rename(user: string, name: string, at: string): Promise<void>;
  /** Does nothing if the name is newer. */
  renameIfOlder(user: string, name: string, at: string): Promise<void>;
  note(id: string): Promise<boolean>;
  noteAll(ids: readonly string[]): Promise<void>;
  /** Writes the count of a user's changes. */
  count(user: string, changes: number): Promise<void>;
  increment(user: string): Promise<void>;
}

export type Names = MemoryState<Data, Statements>;

export const names = (): Names =>
  memoryState<Data, Statements>({ names: new Map(), handled: new Set(), counted: new Map() }, (data) => ({
    name: async (user) => data.names.get(user),
    rename: async (user, name, at) => void data.names.set(user, { name, at }),
    renameIfOlder: async (user, name, at) => {
      if ((data.names.get(user)?.at ?? "") < at) data.names.set(user, { name, at });
    },
    note: async (id) => data.handled.size < data.handled.add(id).size,
    noteAll: async (ids) => {
      for (const id of ids) data.handled.add(id);
    },
    count: async (user, changes) => void data.counted.set(user, changes),
    increment: async (user) => void data.counted.set(user, (data.counted.get(user) ?? 0) + 1),
  }));

type Start = (world: World<Names, object>) => Handler<UserUpdated>;

const userOf = ({ entity_id }: UserUpdated): string => `user-${entity_id}`;
const nameOf = ({ after_data }: UserUpdated): string => String(after_data?.first_name);

/** Handlers that bear two messages in any order and at once, each in another way. */
export const right: Readonly<Record<string, Start>> = {
  "writes only what is newer": ({ state }) => {
    return async (event) => await state.renameIfOlder(userOf(event), nameOf(event), event.timestamp);
  },
  "adds in the transaction of its inbox": ({ state }) => {
    return async (event) => {
      await state.transaction(async (tx) => {
        if (await tx.note(event.id)) await tx.increment(userOf(event));
      });
    };
  },
  "takes its turn where messages of a process must not mix": ({ state }) => {
    let before: Promise<unknown> = Promise.resolve();
    let current: UserUpdated;
    return async (event) => {
      const mine = before.then(async () => {
        current = event;
        await state.name(userOf(current));
        await state.note(current.id);
      });
      before = mine.catch(() => undefined);
      await mine;
    };
  },
};

/** Handlers that bear each message alone, and not two of them. */
export const wrong: Readonly<Record<string, Start>> = {
  "overwrites with what is older": ({ state }) => {
    return async (event) => await state.rename(userOf(event), nameOf(event), event.timestamp);
  },
  "keeps the message in a variable of its process": ({ state }) => {
    let current: UserUpdated;
    return async (event) => {
      current = event;
      await state.name(userOf(current));
      await state.note(current.id);
    };
  },
  "gathers messages, and acknowledges the first before they are written": ({ state }) => {
    let gathered: string[] = [];
    return async ({ id, metadata }) => {
      gathered.push(id);
      if (metadata?.["isFollowed"] === true) return;
      await state.noteAll(gathered);
      gathered = [];
    };
  },
  "counts in memory": ({ state }) => {
    const seen = new Set<string>();
    return async (event) => await state.count(userOf(event), seen.add(event.id).size);
  },
  "remembers the name that it has read first": ({ state }) => {
    const known = new Map<string, string>();
    return async (event) => {
      const user = userOf(event);
      if (!known.has(user)) known.set(user, nameOf(event));
      await state.rename(user, known.get(user) as string, "");
    };
  },
};
