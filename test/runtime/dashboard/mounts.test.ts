import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { afterAll, describe, expect, it, vi } from "vitest";
import { useRedis } from "../../support/redis.js";
import { dashboardAt, TOKEN } from "./hostile-stage.js";

const { redis } = await useRedis();
const dashboard = dashboardAt(redis, { path: "/ops", token: TOKEN });
afterAll(() => dashboard.close());

/** What a browser asks for, and an operator does, at the address of a server. */
async function use(origin: string): Promise<readonly unknown[]> {
  const authorization = `Bearer ${TOKEN}`;
  const moved = await fetch(`${origin}/ops`, { redirect: "manual" });
  const page = await fetch(`${origin}/ops/streams`);
  const part = await fetch(`${origin}/ops/streams`, { headers: { authorization, "x-merp-part": "main" } });
  const script = await fetch(`${origin}/ops/assets/dashboard.js`);
  const change = await fetch(`${origin}/ops/do`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", origin },
    body: JSON.stringify({ action: "resume", stream: "events", group: "nobody", who: "ada" }),
  });
  const large = await fetch(`${origin}/ops/do`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: "x".repeat(2_200_000),
  }).then(({ status }) => status);
  return [
    moved.headers.get("location"),
    (await page.text()).includes('href="/ops/assets/dashboard.css"'),
    (await part.text()).includes("<h1>Streams"),
    script.headers.get("content-type"),
    [change.status, String(((await change.json()) as { error: string }).error).includes("no stream events")],
    large,
  ];
}

const WORKS = ["/ops/", true, true, "text/javascript; charset=utf-8", [409, true], 413];

describe("a dashboard is mounted", () => {
  it("in Node's own server", async () => {
    const server = createServer(dashboard.handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    expect(await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toEqual(WORKS);
    server.closeAllConnections();
    server.close();
  });

  it("in Express, also behind a parser of bodies", async () => {
    const app = express();
    app.use(express.json({ limit: "3mb", strict: false }));
    app.use("/ops", dashboard.handle);
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    // The parser refuses what is no JSON.
    const expected = [...WORKS.slice(0, -1), 400];
    expect(await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toEqual(expected);
    server.closeAllConnections();
    server.close();
  });

  it("behind a parser that leaves the body as bytes", async () => {
    const body = Buffer.from(JSON.stringify({ action: "resume", stream: "events", group: "nobody", who: "ada" }));
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", host: "localhost" };
    const outgoing = { writeHead: vi.fn(), end: vi.fn() };
    await dashboard.handle({ method: "POST", url: "/ops/do", headers, body } as never, outgoing as never);
    expect(outgoing.writeHead).toHaveBeenCalledWith(409, expect.anything());
    expect(String(outgoing.end.mock.calls)).toContain("no stream events");
  });

  it("in Fastify", async () => {
    const app = fastify();
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _body, done) => done(null));
      for (const path of ["/ops", "/ops/*"]) {
        scope.all(path, (request, reply) => {
          reply.hijack();
          return dashboard.handle(request.raw, reply.raw);
        });
      }
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = app.server.address() as AddressInfo;
    expect(await use(`http://127.0.0.1:${port}`)).toEqual(WORKS);
    app.server.closeAllConnections();
    await app.close();
  });

  it("as a function of requests, for Hono and Next", async () => {
    const request = new Request("http://internal:3000/ops/streams", {
      headers: { host: "ops.example.com", authorization: `Bearer ${TOKEN}`, "x-merp-part": "main" },
    });
    expect(await (await dashboard.fetch(request)).text()).toContain("<h1>Streams");
  });
});

it("the dashboard has the colours of the documentation's pages", () => {
  const coloursOf = (path: string): string => {
    const text = readFileSync(new URL(path, import.meta.url), "utf8");
    return text.slice(0, text.indexOf("*,\n*::before"));
  };
  expect(coloursOf("../../../runtime/dashboard/assets/dashboard.css")).toBe(
    coloursOf("../../../codegen/templates/docs/site.css"),
  );
});
