import { InvalidArgumentError } from "commander";

/** Reads the id of a key, for an option. */
export function keyId(text: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("It must have letters, digits, - and _, at most 64 of them.");
}

/** An id that no other key has: the day, with a letter behind it where there is more than one. */
export function idOf(taken: readonly string[], now: Date = new Date()): string {
  const day = now.toISOString().slice(0, 10);
  for (let number = 1, id = day; ; id = `${day}-${++number}`) if (!taken.includes(id)) return id;
}
