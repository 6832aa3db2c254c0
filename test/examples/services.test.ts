import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { EventSourceClient } from "./event-source.js";
import { describePage } from "./page.js";
import { openStage, type ServiceName, type Stage } from "./services-stage.js";

const password = "analytical engine";
let redis: RedisServer;
let stage: Stage;

beforeAll(async () => {
  redis = await startRedis({ persistent: true });
  const environment = {
    REDIS_URL: redis.url,
    REDIS_CONNECTION_TIMEOUT: "1",
    STREAM_BLOCK_TIME: "50",
    LOCK_SECONDS: "3",
  };
  stage = await openStage(environment);
});

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await redis?.stop();
});

let users = 0;

/** A new user, signed in. */
async function newUser(): Promise<{
  readonly id: number;
  readonly email: string;
  readonly bearer: { authorization: string };
}> {
  users++;
  const email = `user${users}@example.com`;
  const registered = await stage.ask("POST", "/register", { email, password, first_name: `User ${users}` });
  expect(registered.status).toBe(201);
  const login = await stage.ask("POST", "/login", { email, password });
  const { token, user } = (await login.json()) as { token: string; user: { id: number } };
  return { id: user.id, email, bearer: { authorization: `Bearer ${token}` } };
}

function listen(gateway: ServiceName, userId: number, lastEventId?: string): Promise<EventSourceClient> {
  const last = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const url = new URL("/notifications", stage.services[gateway].url);
  return EventSourceClient.open(url, { "x-user-id": String(userId), ...last });
}

test("a registration is audited once under its request's correlation id, and its password goes nowhere", async () => {
  const body = { email: "ada@example.com", password, first_name: "Ada" };
  const response = await stage.ask("POST", "/register", body, { "x-correlation-id": "registration-42" });

  expect(response.status).toBe(201);
  expect(response.headers.get("x-correlation-id")).toBe("registration-42");
  const rows = await eventually(
    () => stage.auditOf("registration-42"),
    (rows) => rows.length > 0,
  );
  expect(rows.map(({ event_type }) => event_type)).toEqual(["user.created"]);
  const client = new Redis(redis.url);
  const [stream = ""] = await client.keys("examples-*:events");
  const entries = JSON.stringify(await client.xrange(stream, "-", "+"));
  client.disconnect();
  expect(entries).toContain("ada@example.com");
  expect(entries).not.toMatch(/analytical|hash|salt/);
});

test("a second registration with the same address is refused and published to nobody", async () => {
  const { email } = await newUser();
  const body = { email, password, first_name: "Impostor" };
  const response = await stage.ask("POST", "/register", body, { "x-correlation-id": "twice" });

  expect(response.status).toBe(409);
  await newUser();
  expect(await stage.auditOf("twice")).toEqual([]);
});

test("who registers chooses neither an id nor a company, so nobody becomes somebody else", async () => {
  const victim = await newUser();
  const email = "mallory@example.com";
  const chosen = { id: victim.id, company_id: 666, is_admin: true, created_at: "2000-01-01T00:00:00Z" };
  const body = { email, password, first_name: "Mallory", ...chosen };
  const registered = await stage.ask("POST", "/register", body, { "x-correlation-id": "mallory" });
  expect(registered.status).toBe(201);
  const login = await stage.ask("POST", "/login", { email, password, id: victim.id, user: { id: victim.id } });
  const { token, user } = (await login.json()) as { token: string; user: object };
  expect(user).toMatchObject({ company_id: 1 });
  expect(user).not.toMatchObject({ id: victim.id });
  expect(Object.keys(user).sort()).toEqual(["company_id", "created_at", "email", "first_name", "id"]);
  const me = await stage.ask("GET", "/me", undefined, { authorization: `Bearer ${token}` });
  expect(await me.json()).toEqual({ user_id: (user as { id: number }).id, company_id: 1 });
  const [row] = await eventually(
    () => stage.auditOf("mallory"),
    (rows) => rows.length > 0,
  );
  expect(row?.event).toMatchObject({ company_id: 1, after_data: user });
});

test("a client cannot say from where it comes, and what is no address ends no request", async () => {
  const { email } = await newUser();
  const login = (url: string, address: string, correlation: string): Promise<Response> =>
    fetch(new URL("/login", url), {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": address, "x-correlation-id": correlation },
      body: JSON.stringify({ email, password }),
    });
  const loggedInFrom = async (correlation: string): Promise<unknown> => {
    const [row] = await eventually(
      () => stage.auditOf(correlation),
      (rows) => rows.length > 0,
    );
    return (row?.event as { after_data?: { ip_address?: unknown } } | undefined)?.after_data?.ip_address;
  };
  for (const [at, address] of ["203.0.113.7", "somewhere", "'; --", "127.0.0.1, x"].entries()) {
    expect((await login(stage.services["api-gateway"].url, address, `spoofed-${at}`)).status).toBe(200);
    expect(await loggedInFrom(`spoofed-${at}`)).toBe("127.0.0.1");
    // Behind the gateway its word counts, as far as it is an address.
    expect((await login(stage.services["user-auth"].url, address, `told-${at}`)).status).toBe(200);
  }
  expect(await loggedInFrom("told-0")).toBe("203.0.113.7");
  expect(await loggedInFrom("told-1")).toBeNull();
});

test("the page runs its own scripts only", async () => {
  for (const path of ["/", "/page.js", "/page.css"]) {
    const { headers } = await stage.ask("GET", path);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect(await (await stage.ask("GET", "/")).text()).not.toMatch(/<script(?! type="module" src=)|style=|\son\w+=/);
});

test("five wrong passwords lock an account for the right one too, until the lock expires", async () => {
  const { email } = await newUser();
  const login = async (attempt: string): Promise<number> =>
    (await stage.ask("POST", "/login", { email, password: attempt }, { "x-correlation-id": "break-in" })).status;

  const statuses = [];
  for (let attempt = 0; attempt < 5; attempt++) statuses.push(await login("a wrong one"));
  expect(statuses).toEqual([401, 401, 401, 401, 423]);
  expect(await login(password)).toBe(423);

  await eventually(
    () => login(password),
    (status) => status === 200,
    { everyMs: 200 },
  );
  await eventually(
    () => stage.auditOf("break-in"),
    (rows) => rows.map(({ event_type }) => event_type).join() === "user.logged_in,user.unlocked,user.locked",
  );
});

test("attempts side by side are worth no more than one after another", async () => {
  const { email } = await newUser();
  const guess = (): Promise<Response> => stage.ask("POST", "/login", { email, password: "a wrong one" });
  await Promise.all(Array.from({ length: 8 }, guess));

  expect((await stage.ask("POST", "/login", { email, password })).status).toBe(423);
});

test("the API gateway lets in who has a valid token, by header or cookie, and nobody else", async () => {
  const { id, bearer } = await newUser();
  const me = async (headers: Record<string, string>): Promise<[number, unknown]> => {
    const response = await stage.ask("GET", "/me", undefined, headers);
    return [response.status, await response.json()];
  };

  expect(await me(bearer)).toEqual([200, { user_id: id, company_id: 1 }]);
  expect(await me({ cookie: bearer.authorization.replace("Bearer ", "theme=dark; token=") })).toMatchObject([200, {}]);
  expect(await me({})).toMatchObject([401, {}]);
  expect(await me({ authorization: "Bearer made-up" })).toMatchObject([401, {}]);
  expect(await me({ "x-user-id": String(id) })).toMatchObject([401, {}]);
  expect((await stage.ask("POST", "/logout", undefined, bearer)).status).toBe(204);
  expect(await me(bearer)).toMatchObject([401, {}]);
});

test("a request's trace context reaches the events that it sets off, two services further", async () => {
  const { id, bearer } = await newUser();
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const headers = { ...bearer, traceparent, "x-correlation-id": "rate-7" };
  const response = await stage.ask("PUT", "/rates/USD", { rate: 1.0851 }, headers);

  expect(response.status).toBe(200);
  const [row] = await eventually(
    () => stage.auditOf("rate-7"),
    (rows) => rows.length > 0,
  );
  expect(row?.event).toMatchObject({ event_type: "currency.rate_updated", user_id: id, metadata: { traceparent } });
});

test("both replicas of the notification gateway deliver every notification, to its own user alone", async () => {
  const [ada, grace] = [await newUser(), await newUser()];
  await using first = await listen("notification-gateway-1", ada.id);
  await using second = await listen("notification-gateway-2", ada.id);
  await using other = await listen("notification-gateway-2", grace.id);

  for (const name of ["Rossi", "Moreau"]) await stage.ask("POST", "/partners", { name }, ada.bearer);

  const expected = ["Rossi is a partner now", "Moreau is a partner now"];
  const added = (titles: readonly string[]): readonly string[] => titles.filter((title) => title.includes("partner"));
  await eventually(() => added(first.shown.map(({ title }) => title)).length === 2);
  await eventually(() => added(second.shown.map(({ title }) => title)).length === 2);
  expect([...added(await first.titles(2))].sort()).toEqual(expected.sort());
  expect([...added(await second.titles(2))].sort()).toEqual(expected.sort());
  expect(added(other.shown.map(({ title }) => title))).toEqual([]);
});

test("a screen that comes back with its Last-Event-ID, to the other replica, is shown exactly what it missed", async () => {
  const ada = await newUser();
  const before = await listen("notification-gateway-1", ada.id, "0-0");
  expect(await before.titles(2)).toEqual([`Welcome, User ${users}!`, "New sign-in"]);
  await before[Symbol.asyncDispose]();

  for (const rate of [1.1, 1.2, 1.3]) {
    const correlation = { "x-correlation-id": `missed-${rate}` };
    await stage.ask("PUT", "/rates/CHF", { rate }, { ...ada.bearer, ...correlation });
    await eventually(async () => (await stage.auditOf(`missed-${rate}`)).length === 1);
  }
  await using after = await listen("notification-gateway-2", ada.id, before.shown.at(-1)?.lastEventId);
  await stage.ask("PUT", "/rates/CHF", { rate: 1.4 }, ada.bearer);

  expect([...(await after.titles(4))].sort()).toEqual(["CHF at 1.1", "CHF at 1.2", "CHF at 1.3", "CHF at 1.4"]);
});

describePage(() => stage);

test("nobody to answer is a 504, no Redis a 503, and both pass", async () => {
  const { bearer } = await newUser();
  const status = async (): Promise<number> => (await stage.ask("GET", "/me", undefined, bearer)).status;
  const ready = async (): Promise<number> => (await fetch(`${stage.services["user-auth"].url}/ready`)).status;

  process.kill(stage.services["user-auth"].pid, "SIGSTOP");
  expect(await status()).toBe(504);
  process.kill(stage.services["user-auth"].pid, "SIGCONT");
  await eventually(status, (status) => status === 200);
  await eventually(ready, (status) => status === 200);

  await redis.kill();
  expect(await status()).toBe(503);
  expect(await ready()).toBe(503);
  await redis.restart();
  await eventually(status, (status) => status === 200);
  await eventually(ready, (status) => status === 200);
});

test("Ctrl-C ends everything in order and leaves nothing, not even in a Redis that is somebody's", async () => {
  const client = new Redis(redis.url);
  expect(await client.keys("*examples-*")).not.toEqual([]);

  stage.child.kill("SIGINT");

  expect(await stage.child.exited).toEqual({ code: 0, signal: null });
  expect(await client.keys("*")).toEqual([]);
  client.disconnect();
  for (const { pid } of Object.values(stage.services)) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
