/** The same numbers for the same seed (mulberry32), so that a run's choices can be made again. Its times cannot. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  of<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.next() * items.length)] as Item;
  }
}

/** What may be done, each so often as its weight says. */
export type Deeds = Readonly<Record<string, readonly [weight: number, deed: () => Promise<unknown>]>>;

/**
 * Does one thing after another until the time is up. Resolves to how often each was done, and how often it was refused.
 *
 * @param mayFail - whether an error of a deed is to be expected
 */
export async function chaos(
  deeds: Deeds,
  { chance, ms, pauseMs, mayFail, tell }: ChaosOptions,
): Promise<Readonly<Record<string, string>>> {
  const names = Object.entries(deeds).flatMap(([name, [weight]]) => Array<string>(weight).fill(name));
  const counts = new Map<string, { done: number; refused: number }>();
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const name = chance.of(names);
    const count = counts.get(name) ?? { done: 0, refused: 0 };
    counts.set(name, count);
    tell(`${name} …`);
    try {
      await deeds[name]?.[1]();
      count.done++;
      tell(`${name} is done`);
    } catch (error) {
      if (!mayFail(error)) throw new Error(`${name}: ${String(error)}`, { cause: error });
      count.refused++;
      tell(`${name} is refused: ${String(error).split("\n", 1)[0]}`);
    }
    await new Promise((resolve) => setTimeout(resolve, chance.between(...pauseMs)));
  }
  const told = [...counts].map(([name, { done, refused }]) => [
    name,
    `${done}${refused > 0 ? ` (+${refused} refused)` : ""}`,
  ]);
  return Object.fromEntries(told);
}

export interface ChaosOptions {
  readonly chance: Chance;
  readonly ms: number;
  readonly pauseMs: readonly [least: number, most: number];
  readonly mayFail: (error: unknown) => boolean;
  /** Told when a deed begins, and when it has ended. */
  readonly tell: (text: string) => void;
}
