import { ConnectionError } from "../errors.js";
import type { Routes } from "./routes.js";

/** A stream of which nothing is known, because the master of a cluster that has it cannot be asked. */
export interface Unseen {
  /** The stream's name, as it was asked for. */
  readonly name: string;
  /** Why, as a sentence without its end. */
  readonly why: string;
}

/** What streams have told, and which of them could not be asked. */
export interface Seen<Found> {
  readonly found: readonly Found[];
  readonly unseen: readonly Unseen[];
  /** The first reason why one could not be asked. */
  readonly away: ConnectionError | undefined;
}

/**
 * Asks streams for something, one after the other: where entries are very large, each takes Redis a while. On a cluster, those whose
 * master is away hide none of the others.
 *
 * @throws what `ask` throws, but for a master that is away while another is there
 */
export async function askEach<Found>(
  { hasMasters }: Pick<Routes, "hasMasters">,
  streams: readonly string[],
  ask: (stream: string) => Promise<Found>,
): Promise<Seen<Found>> {
  const found: Found[] = [];
  const unseen: Unseen[] = [];
  let away: ConnectionError | undefined;
  for (const name of streams) {
    try {
      found.push(await ask(name));
    } catch (error) {
      if (!hasMasters || !isAway(error)) throw error;
      away ??= error;
      unseen.push({ name, why: error.message });
    }
  }
  if (found.length === 0 && away !== undefined) throw away;
  return { found, unseen, away };
}

/** What several such questions have told. */
export function joined<Found>(all: readonly Seen<Found>[]): Seen<Found> {
  const unseen = new Map(all.flatMap((each) => each.unseen.map((one) => [one.name, one] as const)));
  return {
    found: all.flatMap(({ found }) => found),
    unseen: [...unseen.values()],
    away: all.find(({ away }) => away !== undefined)?.away,
  };
}

function isAway(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && error.code === "REDIS_UNAVAILABLE";
}
