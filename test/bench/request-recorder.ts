import { type AddressInfo, connect, createServer } from "node:net";

/** A way to Redis on which one can see what clients write. */
export interface RequestRecorder extends AsyncDisposable {
  readonly url: string;
  /** How many strings clients have sent: commands' names and arguments. */
  readonly strings: number;
  /** How many bytes that were. */
  readonly bytes: number;
}

/** Passes everything on to a Redis on this machine. */
export async function recordRequests(port: number): Promise<RequestRecorder> {
  let [bytes, strings] = [0, 0];
  const server = createServer((client) => {
    const redis = connect(port, "127.0.0.1");
    // A string's header may be cut in two by its way through the network: what is left open waits for its other half.
    let open = "";
    client.on("data", (chunk) => {
      bytes += chunk.length;
      const text = open + chunk.toString("latin1");
      strings += text.match(/\$\d+\r\n/g)?.length ?? 0;
      open = /\$\d*\r?$/.exec(text)?.[0] ?? "";
    });
    client.pipe(redis).pipe(client);
    for (const socket of [client, redis]) {
      socket.on("error", () => {});
      socket.on("close", () => [client, redis].map((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get strings() {
      return strings;
    },
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
