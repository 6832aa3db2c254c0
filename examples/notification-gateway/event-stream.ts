import type { ServerResponse } from "node:http";

const HEARTBEAT_MS = 15_000;
const MOST_BUFFERED = 1_000_000;

/** A response that stays open and sends Server-Sent Events for `EventSource`. The first event names the process. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#write(`retry: 1000\nevent: connected\ndata: {"process":${process.pid}}\n\n`);
    // Proxies close silent connections, and a dead connection is detected only when it is written to.
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS);
    response.once("close", () => clearInterval(this.#heartbeat));
  }

  /** Sends one event. When the browser reconnects, it sends the last id, to get the events after it. */
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
    // A slow browser must not use up memory. It is disconnected, reconnects, and asks for the rest.
    if (this.#response.writableLength > MOST_BUFFERED) this.#response.destroy();
  }
}
