import { createHash, createSecretKey } from "node:crypto";
import { Erased } from "../../contract/erased.js";
import type { Sealing } from "../../contract/sealing.js";
import { type Key, keyOf } from "../../encryption/key.js";
import type { PersonKey, PersonKeys } from "../../encryption/subjects.js";
import { Vault } from "../../encryption/vault.js";

/** The keys of tests: the same in each run, and of no use elsewhere. */
export class TestKeys implements PersonKeys {
  readonly sealing: Sealing;
  /** How often each person was forgotten, and when at last. */
  readonly #forgotten = new Map<string, { readonly times: number; readonly at: string }>();

  constructor() {
    const key = keyOf("test", digestOf("test"), "the key of tests");
    this.sealing = new Vault({ current: (): Key => key, find: (id) => (id === key.id ? key : undefined) }, this);
  }

  current(subject: string): PersonKey {
    return personKey(subject, this.#forgotten.get(subject)?.times ?? 0);
  }

  find(subject: string, id: string): PersonKey | Erased {
    const key = this.current(subject);
    return key.id === id ? key : new Erased(this.#forgotten.get(subject)?.at ?? "");
  }

  forget(subject: string, at: string): void {
    this.#forgotten.set(subject, { times: (this.#forgotten.get(subject)?.times ?? 0) + 1, at });
  }
}

function personKey(subject: string, times: number): PersonKey {
  const digest = digestOf(`${subject} ${times}`);
  return { id: digest.subarray(0, 16).toString("base64url"), secret: createSecretKey(digest) };
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
