import { type AddressInfo, createServer, type Socket } from "node:net";

/** What a node says of its cluster. It may be changed at any time. */
export interface FakeNode extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  state: "ok" | "fail";
  epoch: number;
  /** Ranges of slots with the nodes that serve them, masters first. */
  slots: readonly (readonly [from: number, to: number, ...nodes: readonly { host: string | null; port: number }[]])[];
  /** What it answers in place of all that, as the line of an error. */
  refuses: string | undefined;
  /** How often it was asked. */
  asked: number;
}

/** A node that answers `CLUSTER INFO` and `CLUSTER SLOTS` as a test wants it: no real one tells lies on demand. */
export async function startFakeNode(): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const [, count = "0", rest = ""] of data.toString().matchAll(/\*(\d+)\r\n((?:\$\d+\r\n.*\r\n)+)/g)) {
        const words = rest.split("\r\n").filter((_, at) => at % 2 === 1);
        socket.write(answerTo(words.slice(0, Number(count)).join(" ").toUpperCase()));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const node: FakeNode = {
    ...{ host: "127.0.0.1", port, state: "ok", epoch: 1, slots: [], refuses: undefined, asked: 0 },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;

  function answerTo(command: string): string {
    if (command.startsWith("HELLO")) return "-ERR unknown command 'HELLO'\r\n";
    if (!command.startsWith("CLUSTER")) return "+OK\r\n";
    if (node.refuses !== undefined) return `-${node.refuses}\r\n`;
    if (command === "CLUSTER SLOTS") {
      const ranges = node.slots.map(([from, to, ...nodes]) =>
        list([`:${from}\r\n`, `:${to}\r\n`, ...nodes.map(served)]),
      );
      return list(ranges);
    }
    node.asked++;
    return bulk(`cluster_state:${node.state}\r\ncluster_slots_ok:1\r\ncluster_current_epoch:${node.epoch}\r\n`);
  }
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const list = (items: readonly string[]): string => `*${items.length}\r\n${items.join("")}`;
const served = ({ host, port }: { host: string | null; port: number }): string =>
  list([host === null ? "$-1\r\n" : bulk(host), `:${port}\r\n`, bulk("id")]);
