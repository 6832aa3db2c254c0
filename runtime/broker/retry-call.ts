/** An operator has asked that what waits for a retry be due at once: all of it, or what is of a type, or one entry. */
export interface RetryCall {
  /** Grows with each call for the group. */
  readonly at: number;
  /** As it stands in the entries; `undefined` for those of any type. */
  readonly type: string | undefined;
  readonly id: string | undefined;
}
