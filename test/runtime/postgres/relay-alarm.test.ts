import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { Database } from "../../../runtime/postgres/index.js";
import { RelayAlarm } from "../../../runtime/postgres/relay-alarm.js";
import { systemClock } from "../../../runtime/time/clock.js";

/** A connection that answers all statements but some. */
class Client extends EventEmitter {
  readonly released: unknown[] = [];
  constructor(readonly silentAt: string | undefined = undefined) {
    super();
  }
  query(text: string): Promise<unknown> {
    if (this.silentAt !== undefined && text.startsWith(this.silentAt)) return new Promise(() => {});
    return Promise.resolve({ rows: [{ locked: true }] });
  }
  release(how?: unknown): void {
    this.released.push(how);
  }
}

/** An alarm of a pool that lends these, one after the other, and what it reports. Its seconds are short. */
function alarmOf(...lent: Promise<Client>[]): { readonly alarm: RelayAlarm; readonly reported: string[] } {
  const reported: string[] = [];
  const pool = { query: () => Promise.reject(new Error("not asked")), connect: () => lent.shift() };
  const alarm = new RelayAlarm(
    pool as unknown as Database,
    { listen: true, pollMs: 1 },
    {
      clock: { ...systemClock, after: (ms, call) => systemClock.after(ms / 100, call) },
      signal: new AbortController().signal,
      report: (_, error) => reported.push((error as Error).message),
    },
  );
  return { alarm, reported };
}

test("a relay does not wait without end for a connection, and gives back one that comes too late", async () => {
  let comes: (client: Client) => void = () => {};
  const late = new Promise<Client>((resolve) => {
    comes = resolve;
  });
  const { alarm, reported } = alarmOf(late, Promise.resolve(new Client()));
  expect(await alarm.set()).toBe(false);
  expect(reported).toEqual(["the pool lent no connection within 5000 ms"]);
  const client = new Client();
  comes(client);
  await late;
  expect(client.released).toEqual([undefined]);
  expect(await alarm.set()).toBe(true);
  alarm.close();
});

test("a relay does not wait without end for LISTEN, and what comes late of a connection is not held against the next", async () => {
  const [silent, next] = [new Client("LISTEN"), new Client()];
  const { alarm, reported } = alarmOf(Promise.resolve(silent), Promise.resolve(next));
  expect(await alarm.set()).toBe(false);
  expect(reported).toEqual(["no answer within 5000 ms"]);
  expect(silent.released).toEqual([true]);
  expect(await alarm.set()).toBe(true);
  silent.emit("error", new Error("too late"));
  expect(next.released).toEqual([]);
  next.emit("error", new Error("gone"));
  expect([silent.released, next.released, reported.at(-1)]).toEqual([[true], [true], "gone"]);
});
