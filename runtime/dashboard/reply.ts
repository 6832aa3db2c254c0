import { createHash } from "node:crypto";

/** Scripts and styles are files of the dashboard alone: a text that came into a page as a script would not run. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Replies with a text that nobody keeps, or with no more than that it is as it was. */
export function reply(
  request: Request,
  text: string,
  { status = 200, type = "text/html" }: { readonly status?: number; readonly type?: string } = {},
): Response {
  const tag = `"${createHash("sha1").update(text).digest("base64url")}"`;
  const headers = {
    ...HEADERS,
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-cache, private",
    vary: "authorization, x-merp-part",
    etag: tag,
  };
  if (status === 200 && request.headers.get("if-none-match") === tag) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(request.method === "HEAD" ? null : text, { status, headers });
}

/** Replies to a change. */
export function replyJson(status: number, body: Readonly<Record<string, unknown>>): Response {
  const headers = { ...HEADERS, "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Leads to another address of this dashboard. */
export function lead(address: string): Response {
  return new Response(null, { status: 308, headers: { ...HEADERS, location: address } });
}
