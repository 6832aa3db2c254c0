import { readFile } from "node:fs/promises";
import { runService } from "../service.js";
import { liveNotifications } from "./live.js";

const files = [
  { url: "/", path: "page/index.html", type: "text/html; charset=utf-8" },
  { url: "/page.css", path: "page/page.css", type: "text/css" },
  { url: "/page.js", path: "page/page.js", type: "text/javascript" },
];

await runService("notification-gateway", (app, messaging) => {
  liveNotifications(app, messaging);
  for (const { url, path, type } of files) {
    app.get(url, async (_request, reply) => reply.type(type).send(await readFile(new URL(path, import.meta.url))));
  }
});
