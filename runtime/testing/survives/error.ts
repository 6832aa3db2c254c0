/** A handler does not bear a schedule that at-least-once delivery allows. The text tells the schedule in words. */
export class NotSurvivedError extends Error {
  readonly code = "NOT_SURVIVED";
  override readonly name = "NotSurvivedError";
  /** What happened, a line an event. Those that differ from a clean run begin with `>`. */
  readonly story: string;
  /** How the end differs from that of a clean run, in sentences. */
  readonly differences: readonly string[];
  /** Repeats the schedule alone, as the option `repeat`. Empty if two clean runs differ. */
  readonly schedule: string;

  constructor(message: string, story: string, differences: readonly string[], schedule: string) {
    super(message);
    this.story = story;
    this.differences = differences;
    this.schedule = schedule;
  }
}
