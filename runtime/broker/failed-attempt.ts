/** What has become of a failed entry. `lost`: another consumer has it, or its group is gone with what was pending in it. */
export type Kept = "kept" | "lost" | "deleted";

/** How a failed entry is settled. */
export interface FailureRecord {
  /** The error, as JSON. */
  readonly failure: string;
  /** It may have been settled already: this was tried before, or the one from whom it was taken over lives after all. */
  readonly isContested: boolean;
}

/** An attempt that did not settle its entry. */
export interface AttemptRecord extends Pick<FailureRecord, "isContested"> {
  readonly failure: string | undefined;
  readonly parkedMs: number | undefined;
}
