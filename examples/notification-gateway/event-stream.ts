import type { ServerResponse } from "node:http";

const HEARTBEAT_MS = 15_000;
const MOST_BUFFERED = 1_000_000;

/** A response that goes on: Server-Sent Events, as `EventSource` reads them. The first says which process sends them. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#write(`retry: 1000\nevent: connected\ndata: {"process":${process.pid}}\n\n`);
    // Proxies close what is silent, and a connection that is dead shows only when it is written to.
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS);
    response.once("close", () => clearInterval(this.#heartbeat));
  }

  /** Sends one event. The browser keeps the last id and asks for what came after it when it connects again. */
  send(data: unknown, id: string | undefined): void {
    this.#write(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  onClosed(listen: () => void): void {
    if (this.#response.closed) listen();
    else this.#response.once("close", listen);
  }

  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.destroyed) return;
    this.#response.write(text);
    // A screen that does not keep up costs no memory: cut off, it comes again and asks for the rest.
    if (this.#response.writableLength > MOST_BUFFERED) this.#response.destroy();
  }
}
