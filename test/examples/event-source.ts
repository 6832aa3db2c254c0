import { eventually } from "../support/eventually.js";

/** What a screen would show. */
export interface Shown {
  readonly lastEventId: string;
  readonly title: string;
  readonly id: string;
}

/** Reads Server-Sent Events, as a browser does. */
export class EventSourceClient implements AsyncDisposable {
  readonly shown: Shown[] = [];
  readonly #abort = new AbortController();
  #connected = false;

  /** Resolves when the gateway has answered. */
  static async open(url: URL, headers: Record<string, string>): Promise<EventSourceClient> {
    const client = new EventSourceClient();
    const response = await fetch(url, { headers, signal: client.#abort.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`answered with ${response.status}`);
    void client.#read(response.body).catch(() => {}); // Ends with an error when the connection does.
    await eventually(() => client.#connected);
    return client;
  }

  /** Waits until so many were shown. */
  async titles(count: number): Promise<readonly string[]> {
    await eventually(
      () => this.shown.map(({ title }) => title),
      (titles) => titles.length >= count,
      { what: `${count} notifications` },
    );
    return this.shown.map(({ title }) => title);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of body) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) this.#take(event);
    }
  }

  #take(event: string): void {
    const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
    if (fields["event"] === "connected") this.#connected = true;
    else if (fields["data"]) this.shown.push({ lastEventId: fields["id"], ...JSON.parse(fields["data"]) });
  }
}
