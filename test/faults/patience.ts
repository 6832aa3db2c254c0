import { vi } from "vitest";
import { type EventuallyOptions, eventually as look } from "../support/eventually.js";
import { scaled } from "./scale.js";

/** How many stories of one file are told at once: each has a Redis and several consumers. */
const AT_ONCE = 3;
const PATIENCE_MS = scaled(45_000, 600_000);

// A busy machine makes a story longer, not wrong.
vi.setConfig({ testTimeout: scaled(120_000, 1_800_000) });

/** The same with the patience that a busy machine needs. */
export function eventually<T>(
  seen: () => T | Promise<T>,
  holds?: (seen: T) => boolean,
  options?: EventuallyOptions,
): Promise<T> {
  return look(seen, holds, { withinMs: PATIENCE_MS, ...options });
}

let free = AT_ONCE;
const queue: (() => void)[] = [];

/** Waits for a turn, and resolves to the function that ends it. */
export async function turn(): Promise<() => void> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => queue.push(resolve));
  return () => {
    const next = queue.shift();
    if (next === undefined) free++;
    else next();
  };
}
