import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import type { Dashboard } from "../../../runtime/dashboard/index.js";
import { ConfigError } from "../../../runtime/errors.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { dashboardAt, HOSTILE, pagesOf, TOKEN, writeHostile } from "./hostile-stage.js";

const { redis, admin } = await useRedis();
const open = dashboardAt(redis);
const guarded = dashboardAt(redis, { token: TOKEN, path: "/ops/", hosts: ["ops.example.com"] });
afterAll(async () => {
  await open.close();
  await guarded.close();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(dashboard: Dashboard, url: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Response> {
  const { host } = new URL(url);
  return dashboard.fetch(
    new Request(url, { method, headers: { host, ...headers }, ...(body !== undefined && { body }) }),
  );
}

const here = "http://localhost";
const there = "https://ops.example.com/ops";
const part = { "x-merp-part": "main" };
const bearer = { authorization: `Bearer ${TOKEN}` };

describe("what a dashboard shows", () => {
  let places: Awaited<ReturnType<typeof writeHostile>>;
  beforeAll(async () => {
    places = await writeHostile(admin);
  });
  afterAll(() => admin.flushall());

  it("has no element that a name in Redis made, on any page", async () => {
    for (const page of pagesOf(places)) {
      const text = await (await ask(open, `${here}/${page}`)).text();
      // What a form sends back, and what tells rows apart, is as it was.
      const shown = text.replace(/ (value|data-key)="[^"]*"/g, "");
      expect(shown, page).not.toMatch(/<img|<script>|\sonerror="|\sstyle="|\u202e/i);
      expect(text.match(/<script/g), page).toHaveLength(1);
      expect(text, page).not.toContain("This cannot be shown now");
    }
  });

  it("names what others named, and masks what the contract says", async () => {
    const text = await (await ask(open, `${here}/message?stream=events&id=${places.entry}`)).text();
    expect(text).toContain("&lt;img src=x");
    expect(text).not.toContain("ada@example.com");
    const letter = await (await ask(open, `${here}/letter?stream=events&id=${places.letter}`)).text();
    expect(letter).not.toContain("ada@example.com");
  });

  it("finds by type, company, correlation and field, but not by what is masked", async () => {
    const found = async (query: string): Promise<number> => {
      const text = await (await ask(open, `${here}/messages?stream=events&${query}`)).text();
      return text.match(/data-head="Type"/g)?.length ?? 0;
    };
    expect(await found("type=user.*")).toBe(1);
    expect(await found(`correlation=${encodeURIComponent(HOSTILE)}`)).toBe(1);
    expect(await found("company=1")).toBe(1);
    expect(await found("company=2")).toBe(0);
    expect(await found("field=after_data.is_active%3Dtrue")).toBe(1);
    expect(await found(`field=${encodeURIComponent("after_data.email=ada@example.com")}`)).toBe(0);
    expect(await found(`field=${encodeURIComponent("after_data.email=…")}`)).toBe(0);
  });

  it("shows no other stream of the same Redis", async () => {
    await admin.xadd("merp:secret", "*", "event_type", "user.created", "source_service", "private");
    for (const page of ["messages?stream=merp:secret", "letters?stream=merp:secret", "flow", "streams"]) {
      expect(await (await ask(open, `${here}/${page}`)).text()).not.toContain("private");
    }
  });

  it("says what is not there, on a page of its own", async () => {
    for (const page of ["nothing", "stream?stream=x", "group?stream=events&group=x", "message?stream=events&id=x"]) {
      const reply = await ask(open, `${here}/${page}`);
      expect([page, reply.status]).toEqual([page, 404]);
      expect(await reply.text()).toContain("There is no such");
    }
    expect((await ask(open, `${here}/assets/..%2fpackage.json`)).status).toBe(404);
    expect((await ask(open, `${here}/assets/toString`)).status).toBe(404);
  });

  it("answers a look that changed nothing with nothing", async () => {
    const services = await ask(open, `${here}/services`, { headers: part });
    const tag = services.headers.get("etag") ?? "";
    const asset = await ask(open, `${here}/assets/dashboard.css`);
    const again = await ask(open, `${here}/assets/dashboard.css`, {
      headers: { "if-none-match": asset.headers.get("etag") ?? "" },
    });
    expect([tag.length > 10, again.status, await again.text()]).toEqual([true, 304, ""]);
  });

  it("reads Redis once for all who look", async () => {
    const commands = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
    await ask(open, `${here}/`);
    const before = await commands();
    await Promise.all(Array.from({ length: 50 }, () => ask(open, `${here}/`, { headers: part })));
    expect((await commands()) - before).toBeLessThan(100);
  });
});

describe("who may come in", () => {
  it("refuses the name of another host, which may be that of a site which stole the address", async () => {
    const reply = await ask(open, "http://evil.example/");
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("option hosts");
    for (const host of ["127.0.0.1:8080", "[::1]:8080", "LOCALHOST"]) {
      expect((await ask(open, "http://localhost/", { headers: { host } })).status).toBe(200);
    }
    expect((await ask(guarded, "https://ops.example.org/ops/")).status).toBe(403);
  });

  it("gives every reply a policy without inline scripts and styles, and no frame", async () => {
    for (const [dashboard, url] of [
      [open, `${here}/`],
      [open, "http://evil.example/"],
      [guarded, there],
      [guarded, `${there}/do`],
    ] as const) {
      const { headers } = await ask(dashboard, url);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(policy).not.toMatch(/unsafe|data:|\*/);
      expect([headers.get("set-cookie"), headers.get("access-control-allow-origin")]).toEqual([null, null]);
    }
  });

  it("shows nothing of Redis without the token where there is one, unless reading is open", async () => {
    const page = await ask(guarded, `${there}/streams`);
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain("<h1>Streams");
    expect((await ask(guarded, `${there}/streams`, { headers: part })).status).toBe(401);
    const wrong = { ...part, authorization: "Bearer a-token-of-some-lengtH" };
    expect(await (await ask(guarded, `${there}/streams`, { headers: wrong })).text()).toBe("the token is not right");
    const right = await ask(guarded, `${there}/streams`, { headers: { ...part, ...bearer } });
    expect(await right.text()).toContain("<h1>Streams");
    await using both = dashboardAt(redis, { token: TOKEN, openReading: true });
    expect((await ask(both, `${here}/streams`, { headers: part })).status).toBe(200);
    expect((await ask(both, "http://evil.example/", { headers: part })).status).toBe(403);
  });

  it("refuses a token that can be guessed", () => {
    expect(() => dashboardAt(redis, { token: "short" })).toThrow(ConfigError);
    expect(() => dashboardAt(redis, { token: "short" })).toThrow("openssl rand");
  });

  it("works under the path of its mount, and leads to it", async () => {
    const reply = await ask(guarded, there);
    expect([reply.status, reply.headers.get("location")]).toEqual([308, "/ops/"]);
    const text = await (await ask(guarded, `${there}/`)).text();
    expect(
      [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to = ""]) => to).filter((to) => !/^(\/ops\/|#)/.test(to)),
    ).toEqual([]);
    expect((await ask(guarded, "https://ops.example.com/opsx")).status).toBe(404);
  });
});

const AUDIT_PAUSE = JSON.stringify({ action: "pause", stream: "merp:audit", group: "x", who: "ada" });

describe("a change", () => {
  const change = (asked: Asked = {}): Promise<Response> => {
    const headers = { "content-type": "application/json", ...bearer, ...asked.headers };
    const body = JSON.stringify({ action: "pause", stream: "events", group: "billing-workers", who: "ada" });
    return ask(guarded, `${there}/do`, { method: "POST", body, ...asked, headers });
  };

  it.each([
    ["of a dashboard without a token", 403, () => ask(open, `${here}/do`, { method: "POST", body: "{}" })],
    ["without the token", 401, () => change({ headers: { authorization: "" } })],
    ["from another site", 403, () => change({ headers: { origin: "https://evil.example" } })],
    ["from a page without an origin", 403, () => change({ headers: { origin: "null" } })],
    ["that the browser says comes from a neighbour", 403, () => change({ headers: { "sec-fetch-site": "same-site" } })],
    ["as a form can send it", 415, () => change({ headers: { "content-type": "text/plain" } })],
    ["of more bytes than a message has", 413, () => change({ body: "x".repeat(3_000_000) })],
    ["that is not JSON", 400, () => change({ body: "{" })],
    ["of a kind that there is not", 400, () => change({ body: '{"action":"constructor","who":"ada"}' })],
    ["without a place", 400, () => change({ body: '{"action":"pause","who":"ada"}' })],
    ["by nobody", 400, () => change({ body: '{"action":"pause","stream":"events","group":"x"}' })],
    ["of another stream in the same Redis", 409, () => change({ body: AUDIT_PAUSE })],
    [
      "that discards without a reason",
      400,
      () => change({ body: '{"action":"discard","stream":"events","id":"1-1","who":"ada"}' }),
    ],
    ["with something else than texts", 400, () => change({ body: '{"action":"pause","stream":["events"]}' })],
    [
      "of a target that is no name",
      400,
      () => change({ body: JSON.stringify({ action: "pause", stream: "events", group: "g".repeat(501), who: "ada" }) }),
    ],
    ["by another method", 405, () => change({ method: "PUT" })],
    ["of a page", 405, () => ask(guarded, `${there}/streams`, { method: "POST", headers: bearer, body: "{}" })],
    ["of a group that is not there", 409, () => change()],
  ])("%s is refused", async (_, status, make) => {
    const before = await admin.keys("*");
    const reply = await make();
    expect(reply.status).toBe(status);
    expect(await reply.text()).not.toMatch(/ at |node_modules|undefined/);
    expect((await admin.keys("*")).filter((key) => !before.includes(key) && key !== "merp:audit")).toEqual([]);
  });

  it("is made and recorded, with who made it and why: redriven as it was, edited, discarded, paused, resumed", async () => {
    await admin.flushall();
    const handled: unknown[] = [];
    let fails = true;
    await using billing = createService(redis, { service: "billing", maxRetries: 0 });
    onUserCreated(billing, ({ after_data }) => {
      if (fails) throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
      handled.push(after_data);
    });
    await billing.start();
    const { entity_id, after_data } = exampleUserCreated();
    for (let at = 0; at < 3; at++) await publishUserCreated(billing, { entity_id, after_data });
    await eventually(async () => expect(await admin.xlen("{events}:dead")).toBe(3));
    fails = false;
    const read = async (page: string): Promise<string> =>
      (await ask(guarded, `${there}/${page}`, { headers: { ...part, ...bearer } })).text();
    const make = async (body: object): Promise<{ done?: string; error?: string }> => {
      const reply = await change({ body: JSON.stringify({ who: "ada", why: "mended", ...body }) });
      return (await reply.json()) as { done?: string; error?: string };
    };
    const causes = await read("letters");
    expect(causes).toMatch(/3<\/span> <bdi>ECONNREFUSED/);
    const cause = /name="cause" value="([^"]+)"/.exec(causes)?.[1];
    const [first, second, third] = (await admin.xrange("{events}:dead", "-", "+")).map(([id]) => id);

    const shown = await read(`letter?stream=events&id=${first}`);
    const message = JSON.parse((/<textarea[^>]*>([^<]*)/.exec(shown)?.[1] ?? "").replaceAll("&quot;", '"')) as {
      after_data: Record<string, unknown>;
    };
    expect(message.after_data["email"]).toBe("…");
    const edited = (changed: object): string =>
      JSON.stringify({ ...message, after_data: { ...message.after_data, ...changed } });
    const place = { stream: "events", id: first };
    const wrong = await make({ action: "redrive-edited", ...place, text: edited({ is_active: "yes" }) });
    expect(wrong.error).toContain("is_active");
    expect((await make({ action: "redrive-edited", ...place, text: "{ nothing" })).error).toContain("not JSON");
    expect(await make({ action: "redrive-edited", ...place, text: edited({ language: "de" }) })).toEqual({
      done: "Redriven by ada",
    });
    await eventually(() => expect(handled).toEqual([{ ...after_data, language: "de" }]));

    expect(await make({ action: "discard", stream: "events", id: second })).toEqual({ done: "Discarded by ada" });
    expect(await make({ action: "redrive-all", stream: "events", cause })).toEqual({ done: "1 letter redriven" });
    await eventually(() => expect(handled).toHaveLength(2));
    expect(await read(`letter?stream=events&id=${third}`)).toContain("redriven</span>");

    const group = { stream: "events", group: "billing-workers" };
    expect((await make({ action: "pause", ...group })).done).toMatch(/^Paused/);
    expect(await read("group?stream=events&group=billing-workers")).toMatch(/the whole group by ada.*mended/);
    expect(await make({ action: "resume", ...group })).toEqual({ done: "Resumed" });
    const record = (await admin.xrange("merp:audit", "-", "+")).map(([, fields]) => fields);
    const done = record.filter((fields) => fields[1] === "done").map((fields) => fields[3]);
    expect(done).toEqual(
      ["redrive-edited", "discard", "redrive-all", "pause", "resume"].map((action) => `dashboard ${action}`),
    );
    expect(record.every((fields) => fields.includes("ada") && fields.includes("mended"))).toBe(true);
    expect(JSON.stringify(record)).not.toContain("@");
  });
});
