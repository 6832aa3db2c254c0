/** What is used of a client here. */
interface Querying {
  query(...statement: never[]): unknown;
}

/**
 * A client of a pool, as one transaction sees it. The pool lends the same client to one transaction after the other, and a call that
 * was not awaited, or of which another has failed, may come with its statement when its own has ended: the statement would then be in
 * no transaction, or in the next one. So each transaction has an object of its own, which is the client in all but that: what is set
 * on it is not set on the client either.
 *
 * @param assertOpen - throws once the transaction has ended
 */
export function lentClient<Client extends Querying>(client: Client, assertOpen: () => void): Client {
  const run = client.query.bind(client);
  // Not async: what streams rows, as `pg-cursor` does, is returned as it is.
  const query = (...statement: never[]): unknown => {
    try {
      assertOpen();
    } catch (error) {
      return refused(statement, error);
    }
    return run(...statement);
  };
  const own = new Map<PropertyKey, unknown>([["query", query]]);
  const lent: Client = new Proxy(client, {
    get(_, name) {
      if (own.has(name)) return own.get(name);
      const value: unknown = Reflect.get(client, name, client);
      if (typeof value !== "function" || name === "constructor") return value;
      // Methods may use private members, which a proxy does not have, and return their object to chain calls.
      const method = (...given: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, client, given);
        return result === client ? lent : result;
      };
      own.set(name, method);
      return method;
    },
    set(_, name, value) {
      own.set(name, value);
      return true;
    },
  });
  return lent;
}

/** Tells of a statement that comes too late, in the way in which its caller listens. */
function refused(statement: readonly unknown[], error: unknown): Promise<never> | undefined {
  const [first, last] = [statement[0], statement.at(-1)];
  if (typeof first === "object" && first !== null && "submit" in first) throw error;
  if (typeof last !== "function") return Promise.reject(error);
  process.nextTick(last as (error: unknown) => void, error);
  return undefined;
}
