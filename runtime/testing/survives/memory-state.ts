/** The methods of a state in memory, a transaction of them, and its data. */
export type MemoryState<Data, Methods> = Methods & {
  /** Runs a function whose calls all take effect, or none if it throws. One at a time. */
  transaction<Result>(work: (tx: Methods) => Promise<Result>): Promise<Result>;
  /** A copy of the data. */
  snapshot(): Data;
};

/**
 * Creates a state in memory that stands in for a database in {@link survives}: data, and methods on it that return
 * promises. Each method is one atomic statement.
 *
 * @example
 * const accounts = () =>
 *   memoryState({ handled: new Set<string>(), deposits: [] as number[] }, (data) => ({
 *     isHandled: async (id: string) => data.handled.has(id),
 *     note: async (id: string) => void data.handled.add(id),
 *     deposit: async (amount: number) => void data.deposits.push(amount),
 *   }));
 */
export function memoryState<Data extends object, Methods extends object>(
  data: Data,
  methods: (data: Data) => Methods,
): MemoryState<Data, Methods> {
  const made = methods(data);
  return Object.assign(made, {
    snapshot: () => structuredClone(data),
    async transaction<Result>(work: (tx: Methods) => Promise<Result>): Promise<Result> {
      const before = structuredClone(data);
      try {
        return await work(made);
      } catch (error) {
        for (const name of Object.keys(data)) Reflect.deleteProperty(data, name);
        Object.assign(data, before);
        throw error;
      }
    },
  });
}
