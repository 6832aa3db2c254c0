import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

type Fetch = (request: Request) => Promise<Response>;

/** Has a `fetch` handler answer the requests of Node's own server, and of the frameworks that are built on it. */
export function nodeListener(fetch: Fetch): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (incoming, outgoing) => {
    let response: Response;
    try {
      response = await fetch(requestOf(incoming));
    } catch {
      // An address or a header that is none.
      response = new Response("Bad request", { status: 400, headers: { "content-type": "text/plain" } });
    }
    const body = Buffer.from(await response.arrayBuffer());
    const length = response.status === 304 ? {} : { "content-length": body.length };
    outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), ...length });
    outgoing.end(body);
  };
}

function requestOf(incoming: IncomingMessage): Request {
  const { method = "GET", headers } = incoming;
  // Express takes the path of its mount from `url`.
  const { originalUrl, body } = incoming as { readonly originalUrl?: string; readonly body?: unknown };
  const path = originalUrl ?? incoming.url ?? "/";
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(headers) };
  if (method !== "GET" && method !== "HEAD") {
    // A parser of the application may have read the body already.
    if (body === undefined) init.body = Readable.toWeb(incoming) as ReadableStream as never;
    else init.body = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    init.duplex = "half";
  }
  // The path alone counts: a client chooses the host, which is checked by its header.
  return new Request(new URL(`http://localhost${path.startsWith("/") ? path : "/"}`), init);
}

function headersOf(headers: IncomingMessage["headers"]): Headers {
  const made = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) made.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return made;
}
