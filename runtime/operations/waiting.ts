import { PARKED } from "../redis/keys.js";
import { field, isReply } from "../redis/reply.js";
import type { Operator } from "./operator.js";

/**
 * Why an entry will yet be read: a group has not been given it (`unread`), or has not settled it (`pending`; `parked` until
 * its retry is due), it is an open dead letter (`dead`), or its stream has no group, and whoever comes may read it (`kept`).
 */
export interface Waiting {
  readonly state: "unread" | "pending" | "parked" | "dead" | "kept";
  readonly group?: string;
}

/** A group, and the id of the last entry that it was given. */
export interface Group {
  readonly name: string;
  readonly position: string;
}

const PAGE = 1000;

/** The groups of a stream; none where there is no such stream. */
export async function groupsOf({ routes }: Operator, key: string): Promise<readonly Group[]> {
  const groups = await routes.at(key).ask(`reading the groups of ${key}`, (client) =>
    (client.xinfo("GROUPS", key) as Promise<unknown[][]>).catch((error: unknown) => {
      if (isReply(error, "ERR no such key")) return [];
      throw error;
    }),
  );
  return groups.map((info) => ({
    name: String(field(info, "name")),
    position: String(field(info, "last-delivered-id")),
  }));
}

/** What the groups of a stream were given and have not settled, by the entries' ids. */
export async function waitingFor(
  operator: Operator,
  key: string,
  groups: readonly Group[],
): Promise<ReadonlyMap<string, readonly Waiting[]>> {
  const waiting = new Map<string, Waiting[]>();
  for (const { name: group } of groups) {
    for await (const [id, consumer] of pendingOf(operator, key, group)) {
      const one: Waiting = { state: consumer === PARKED ? "parked" : "pending", group };
      const known = waiting.get(id);
      if (known === undefined) waiting.set(id, [one]);
      else known.push(one);
    }
  }
  return waiting;
}

type Pending = readonly [id: string, consumer: string];

async function* pendingOf({ routes }: Operator, key: string, group: string): AsyncGenerator<Pending> {
  for (let from = "-"; ; ) {
    const start = from;
    const page = (await routes
      .at(key)
      .ask(`reading what ${group} has pending in ${key}`, (client) =>
        client.xpending(key, group, start, "+", PAGE),
      )) as Pending[];
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    from = `(${last[0]}`;
  }
}
