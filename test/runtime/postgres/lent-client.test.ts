import { describe, expect, it } from "vitest";
import { lentClient } from "../../../runtime/postgres/lent-client.js";

class Client {
  #statements: string[] = [];
  state = "ready";
  on(): this {
    return this;
  }
  query(text: string, callback?: (error: unknown) => void): Promise<string[]> {
    this.#statements.push(text);
    if (callback !== undefined) callback(null);
    return Promise.resolve(this.#statements);
  }
}

function lend() {
  const client = new Client();
  let hasEnded = false;
  const lent = lentClient(client, () => {
    if (hasEnded) throw new Error("has ended");
  });
  const end = (): void => {
    hasEnded = true;
  };
  return { client, lent, end };
}

describe("a client that is lent to a transaction", () => {
  it("is the client in all that the transaction does", async () => {
    const { lent } = lend();
    expect(lent).toBeInstanceOf(Client);
    expect(lent.constructor).toBe(Client);
    expect(lent.state).toBe("ready");
    expect(lent.on().query).toBe(lent.query);
    expect(await lent.query("a")).toEqual(["a"]);
  });

  it("runs nothing when that has ended, also by what it returned for a chain of calls", async () => {
    const { client, lent, end } = lend();
    end();
    await expect(lent.query("a")).rejects.toThrow("has ended");
    await expect(lent.on().query("b")).rejects.toThrow("has ended");
    expect(await client.query("c")).toEqual(["c"]);
  });

  it("says so in the way in which its caller listens", async () => {
    const { client, lent, end } = lend();
    end();
    const told = await new Promise((resolve) => void lent.query("a", resolve));
    expect(told).toMatchObject({ message: "has ended" });
    const cursor = { submit: () => {} };
    expect(() => lent.query(cursor as never)).toThrow("has ended");
    expect(await client.query("b")).toEqual(["b"]);
  });

  it("keeps what is set on it to itself", async () => {
    const { client, lent } = lend();
    const run = lent.query.bind(lent);
    const seen: string[] = [];
    lent.query = (text) => {
      seen.push(text);
      return run(text);
    };
    lent.state = "patched";
    expect(await lent.query("a")).toEqual(["a"]);
    expect(await client.query("b")).toEqual(["a", "b"]);
    expect([seen, client.state]).toEqual([["a"], "ready"]);
  });
});
