import type { Pause } from "../time/pause.js";

/** What a stream's partitions are registered with. */
export interface RegistrationParts {
  readonly stream: string;
  /** Creates the group of a partition where it is missing. */
  readonly register: (partition: string) => Promise<void>;
  readonly pause: Pause;
}

/**
 * Creates a group in the partitions of a stream. A partition whose master is away is tried again and again beside the others,
 * so that it keeps no member from reading these.
 */
export class Registration {
  readonly #parts: RegistrationParts;
  readonly #missing = new Set<string>();
  #repeating: Promise<void> | undefined;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  /** Resolves when each has been tried once. */
  async add(partitions: readonly string[]): Promise<void> {
    for (const partition of partitions) this.#missing.add(partition);
    const failure = await this.#attempt();
    if (failure === undefined) return;
    this.#repeating ??= this.#repeat(failure.reason).finally(() => {
      this.#repeating = undefined;
    });
  }

  /** Resolves to one of the failures. */
  async #attempt(): Promise<PromiseRejectedResult | undefined> {
    const attempts = [...this.#missing].map(async (partition) => {
      await this.#parts.register(partition);
      this.#missing.delete(partition);
    });
    return (await Promise.allSettled(attempts)).find((each) => each.status === "rejected");
  }

  async #repeat(reason: unknown): Promise<void> {
    const { pause, stream } = this.#parts;
    let failure: { readonly reason: unknown } | undefined = { reason };
    for (let failures = 0; failure !== undefined; failures++) {
      const activity = `creating the group of each partition of ${stream}`;
      if (!(await pause.afterFailure(failures, activity, failure.reason))) return;
      failure = await this.#attempt();
    }
  }
}
