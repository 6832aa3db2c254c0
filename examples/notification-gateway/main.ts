import { readFile } from "node:fs/promises";
import { runService } from "../service.js";
import { liveNotifications } from "./live.js";

const files = [
  { url: "/", path: "page/index.html", type: "text/html; charset=utf-8" },
  { url: "/page.css", path: "page/page.css", type: "text/css" },
  { url: "/page.js", path: "page/page.js", type: "text/javascript" },
];

/** The page needs nothing but its own files. A text that became a script would not run. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

await runService("notification-gateway", (app, messaging) => {
  liveNotifications(app, messaging);
  for (const { url, path, type } of files) {
    app.get(url, async (_request, reply) =>
      reply
        .headers(HEADERS)
        .type(type)
        .send(await readFile(new URL(path, import.meta.url))),
    );
  }
});
