/** What an operator has paused. Times are ISO 8601, by Redis' clock. */
export interface Paused {
  readonly stream: string;
  readonly group: string;
  /** `undefined` for the whole group. */
  readonly type: string | undefined;
  /** `undefined` when it lasts until it is resumed. */
  readonly until: string | undefined;
  readonly since: string | undefined;
  readonly by: string;
  readonly why: string | undefined;
}

/** What is paused, and why. */
export interface PauseOptions {
  /** One type, as it stands in the entries. @defaultValue the whole group */
  readonly type?: string;
  /** When the pause ends by itself, by Redis' clock. @defaultValue it lasts until it is resumed */
  readonly until?: Date;
  /** The same as a length of time, in seconds. */
  readonly forSeconds?: number;
  /** The reason, for those who ask. */
  readonly why?: string;
  /** Who pauses it. @defaultValue the service's name */
  readonly by?: string;
}

/** What was paused, and what an operator should know of it. */
export interface PauseResult extends Paused {
  /** Sentences, such as that no member handles the type. */
  readonly advice: readonly string[];
}

/** What was resumed. */
export interface ResumeResult {
  readonly resumed: readonly Paused[];
  /** How many entries waited for a type, and are due now. */
  readonly released: number;
  /** What is still paused of the group. */
  readonly paused: readonly Paused[];
}

/** What is to be retried at once. */
export interface RetryNowOptions {
  /** Those of one type, as it stands in the entries. @defaultValue all */
  readonly type?: string;
  /** One entry, by its id. */
  readonly id?: string;
}

/** What an operator does to the work of a group. */
export interface GroupControl {
  /**
   * Pauses a group of a stream, or one of its types: within a second no member of it begins a handler. Those that run go on and
   * settle. Nothing is lost, and no attempt is counted. To pause what is paused replaces its end and its reason.
   *
   * @throws {MessagingError} `GROUP_MISSING`; {ConfigError} for a time that has passed
   * @example
   * await using operations = new Operations();
   * await operations.groups.pause("events", "billing-workers", { forSeconds: 600, why: "the database is moved" });
   */
  pause(stream: string, group: string, options?: PauseOptions): Promise<PauseResult>;
  /**
   * Resumes a group with all of its types, or one type. Its entries are handled in the order of the stream, each as if it had not
   * been delivered while it was paused. If this is cut off, the members find the rest within 30 seconds.
   *
   * @throws {MessagingError} `GROUP_MISSING`
   */
  resume(stream: string, group: string, options?: { readonly type?: string }): Promise<ResumeResult>;
  /**
   * Has what waits for a retry in a group be due at once, also what was redriven to it. Resolves to its number. No attempt is
   * lost or counted; what is paused goes on waiting. With `order: "entity"` a retry waits in its member, which hears of it within
   * a second, and keeps the order; a member of an older version does not.
   *
   * @throws {MessagingError} `GROUP_MISSING`
   * @example
   * await using operations = new Operations();
   * await operations.groups.retryNow("events", "billing-workers", { type: "invoice.created" });
   */
  retryNow(stream: string, group: string, options?: RetryNowOptions): Promise<number>;
}
