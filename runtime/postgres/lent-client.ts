/** What is used of a client here. */
interface Querying {
  query(...statement: never[]): Promise<unknown>;
}

/**
 * A client of a pool, as one transaction sees it. The pool lends the same client to one transaction after the other, and a call that
 * was not awaited, or of which another has failed, may come with its statement when its own has ended: the statement would then be in
 * no transaction, or in the next one. So each transaction has an object of its own, which is the client in all but that.
 *
 * @param assertOpen - throws once the transaction has ended
 */
export function lentClient<Client extends Querying>(client: Client, assertOpen: () => void): Client {
  // Not async: what streams rows, as `pg-cursor` does, is returned as it is.
  const query: Querying["query"] = (...statement) => {
    try {
      assertOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    return client.query(...statement);
  };
  return new Proxy(client, {
    get(_, name) {
      if (name === "query") return query;
      const value: unknown = Reflect.get(client, name, client);
      // Methods may use private members, which a proxy does not have.
      return typeof value === "function" ? value.bind(client) : value;
    },
  });
}
