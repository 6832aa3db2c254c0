import { readCiphertext } from "../../encryption/ciphertext.js";
import type { KeyProvider } from "../../encryption/key.js";
import type { SubjectStore } from "../../encryption/subject-store.js";
import { Subjects } from "../../encryption/subjects.js";
import { systemClock } from "../../time/clock.js";

/** How many keys of people are encrypted under each key, by its id. */
export async function wrappedUnder(store: SubjectStore): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const page of store.all()) {
    for (const [, { wrapped }] of page) {
      const { keyId } = readCiphertext(wrapped);
      counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
    }
  }
  return counts;
}

/** Encrypts people's keys under the current key, where they are under another one. Returns how many. */
export async function rewrap(store: SubjectStore, keys: KeyProvider, from: string): Promise<number> {
  const subjects = new Subjects(keys, store, systemClock);
  let count = 0;
  for await (const page of store.all()) {
    for (const [subject, key] of page) {
      if (readCiphertext(key.wrapped).keyId !== from) continue;
      await store.rewrap(subject, await subjects.rewrapped(subject, key));
      count++;
    }
  }
  return count;
}
