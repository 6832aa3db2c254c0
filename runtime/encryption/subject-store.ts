/** The key of a person, as it is kept: encrypted under a key of the service. */
export interface SubjectKey {
  /** Stands in each ciphertext. It tells nothing of the person. */
  readonly id: string;
  /** The key itself, as a ciphertext. */
  readonly wrapped: string;
  /**
   * `true` while it is not known whether a failover of the store would lose the key: it encrypts nothing until `add` has
   * resolved. @defaultValue `false`
   */
  readonly unconfirmed?: boolean;
}

/** A key that was destroyed. */
export interface ErasedKey {
  readonly id: string;
  /** When: RFC 3339, UTC. */
  readonly at: string;
}

/** What is kept of a person. */
export interface SubjectKeys {
  /** The key that encrypts; `undefined` if there is none. */
  readonly key: SubjectKey | undefined;
  /** Those that were destroyed: what they encrypted reads as erased. */
  readonly erased: readonly ErasedKey[];
}

/**
 * Keeps the keys of people. To destroy a key is to erase what it encrypted, so nothing else may keep a copy for long: of a
 * store that is backed up, a backup restores the person.
 *
 * A person is named by a kind and an id: `user:123`.
 * @example
 * const store: SubjectStore = folderSubjects("/var/lib/message-keys");
 */
export interface SubjectStore {
  get(subject: string): Promise<SubjectKeys>;
  /**
   * Keeps the key unless there is one, in one step. Resolves to what is kept then. Also called where the key that is kept is
   * `unconfirmed`: it resolves when a failover cannot lose that key any more, and rejects otherwise.
   */
  add(subject: string, key: SubjectKey): Promise<SubjectKeys>;
  /** Destroys the key. Resolves to it, or to `undefined` where there was none. To be repeated after a failure. */
  erase(subject: string, at: string): Promise<SubjectKey | undefined>;
  /** Every person of whom there is a key, a page at a time. Only operators' tools ask. */
  all(): AsyncIterable<readonly (readonly [subject: string, key: SubjectKey])[]>;
  /** Puts another wrapping in the place of a key's, unless the key has been destroyed since. */
  rewrap(subject: string, key: SubjectKey): Promise<void>;
  /**
   * Resolves when a failover of the store cannot undo what was changed before, by whichever process; rejects with
   * `KEY_UNAVAILABLE` otherwise. A store without it is taken to keep every change at once. Only operators' tools ask.
   */
  confirm?(): Promise<void>;
  /** Called when a messaging is made. */
  placed?(place: { readonly environment: string }): void;
}
