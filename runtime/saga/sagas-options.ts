/** Options of the sagas of a process. */
export interface SagasOptions {
  /** Seconds between two looks for what is due, where nothing happens in this process. @defaultValue 1 */
  readonly pollSeconds?: number;
  /** The commands that this process waits for at once. @defaultValue 20 */
  readonly concurrency?: number;
  /** Seconds that a saga is kept after its end, so that late messages are known as such. @defaultValue 2592000 (30 days) */
  readonly keepSeconds?: number;
}
