import type { Connection } from "./connection.js";

/**
 * Watches over a connection that may be silent for good reasons, as a subscription is while nothing is sent: a
 * half-open link looks the same. One that does not answer a PING in time is given up and made anew.
 *
 * @param limitMs - how long the answer may take, and how often one is asked for
 */
export function watchLink(connection: Connection, limitMs: number): void {
  const { client } = connection;
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || !connection.isReady) return;
    asking = true;
    const timer = setTimeout(() => connection.renew(), limitMs).unref();
    await client.ping().catch(() => {});
    clearTimeout(timer);
    asking = false;
  };
  const ticking = setInterval(() => void ask(), limitMs).unref();
  client.on("end", () => clearInterval(ticking));
}
