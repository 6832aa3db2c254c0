import { describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated, subscribeNotifications } from "../../../generated/index.js";
import { CredentialSource } from "../../../runtime/redis/credentials.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };
const ROLES = ["publish", "settle", "subscribe", "read:events", "heartbeat"];

const { redis, admin } = await useRedis();

const allow = (user: string, password: string): Promise<unknown> =>
  admin.call("ACL", "SETUSER", user, "reset", "on", `>${password}`, "~*", "&*", "+@all");

/** The roles of the connections of a service that a user has. */
async function rolesOf(service: string, user: string): Promise<string[]> {
  const lines = String(await admin.client("LIST")).split("\n");
  const mine = lines.filter((line) => line.includes(`name=${service}:`) && line.includes(`user=${user} `));
  return [...new Set(mine.map((line) => /name=[^:]+:(\S+)/.exec(line)?.[1] ?? ""))].sort();
}

describe("a provider of credentials", () => {
  it("is asked again for each connection that is opened anew, that of the heartbeat among them", async () => {
    await allow("rotated", "first");
    let [password, asked] = ["first", 0];
    const credentials = async (): Promise<{ username: string; password: string }> => {
      asked++;
      return { username: "rotated", password };
    };
    await using messaging = createService(redis, { service: "rotated", redis: { credentials } });
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => seen.push(event.entity_id));
    await messaging.start({ requireRedis: true });
    await publishUserCreated(messaging, input);
    await subscribeNotifications(messaging, { userId: 1 }, () => {});
    await eventually(
      () => rolesOf("rotated", "rotated"),
      (roles) => roles.length === ROLES.length,
    );
    expect(await rolesOf("rotated", "rotated")).toEqual([...ROLES].sort());

    const before = asked;
    password = "second";
    await allow("rotated", "second");
    await admin.call("CLIENT", "KILL", "USER", "rotated");
    await eventually(
      () => rolesOf("rotated", "rotated"),
      (roles) => roles.length === ROLES.length,
    );
    await eventually(() => publishUserCreated(messaging, { ...input, entity_id: 2 }));
    await eventually(() => seen.includes(2));
    expect(asked).toBeGreaterThan(before);
  });

  it("is asked before they expire, and every open connection is authenticated anew, none closed", async () => {
    await allow("old", "old");
    await allow("new", "new");
    let user = "old";
    const lost: string[] = [];
    await using messaging = createService(redis, {
      service: "renewed",
      hooks: { disconnected: ({ role }) => void lost.push(role) },
      redis: { credentials: () => ({ username: user, password: user, expiresInSeconds: 0.4 }) },
    });
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => seen.push(event.entity_id));
    await messaging.start({ requireRedis: true });
    await publishUserCreated(messaging, input);
    await subscribeNotifications(messaging, { userId: 1 }, () => {});
    await eventually(
      () => rolesOf("renewed", "old"),
      (roles) => roles.length === ROLES.length,
    );

    user = "new";
    await eventually(
      () => rolesOf("renewed", "new"),
      (roles) => roles.length === ROLES.length,
    );
    expect(await rolesOf("renewed", "old")).toEqual([]);
    await publishUserCreated(messaging, { ...input, entity_id: 2 });
    await eventually(() => seen.includes(2));
    expect(lost).toEqual([]);
  });

  it.each<[string, () => never, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("the vault is sealed");
      },
      /redis\.credentials failed: the vault is sealed\. Check this function/,
    ],
    ["never answers", () => new Promise(() => {}) as never, /redis\.credentials failed: no answer within 300 ms/],
    ["gives no password", () => ({ username: "app" }) as never, /redis\.credentials failed: they hold no password/],
  ])("that %s is an error that says so, and a repeat may help", async (_, provide, text) => {
    let isMended = false;
    await allow("app", "right");
    await using messaging = createService(redis, {
      redis: {
        connectionTimeoutSeconds: 0.3,
        credentials: () => (isMended ? { username: "app", password: "right" } : provide()),
      },
    });
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      retryable: true,
      message: expect.stringMatching(text),
    });
    isMended = true;
    await eventually(() => publishUserCreated(messaging, input));
  });

  it("is not asked again for what was refused and replaced meanwhile", async () => {
    let asked = 0;
    const provide = () => ({ username: "app", password: `${++asked}`, expiresInSeconds: 60 });
    const source = new CredentialSource(provide, 1000, systemClock);
    const refused = source.get();
    await refused;
    for (let nodes = 0; nodes < 3; nodes++) {
      source.forget(refused);
      expect(await source.get()).toMatchObject({ password: "2" });
    }
  });

  it("is asked once more when Redis refuses what it gave, before that is an error, which shows no password", async () => {
    await allow("late", "right");
    const given = ["the-wrong-password", "right"];
    const credentials = (): { username: string; password: string; expiresInSeconds: number } => {
      return { username: "late", password: given.shift() ?? "the-wrong-password", expiresInSeconds: 60 };
    };
    const logger = logBook();
    const options = { logger, redis: { connectionTimeoutSeconds: 300, credentials } };
    await using messaging = createService(redis, options);
    await publishUserCreated(messaging, input);

    await using refused = createService(redis, options);
    const error = await publishUserCreated(refused, input).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "REDIS_REFUSED", message: expect.stringContaining("redis.credentials") });
    const { message, cause, stack } = error as Error;
    expect(JSON.stringify([message, stack, cause, { ...(cause as object) }])).not.toContain("the-wrong-password");
    expect(logger.text).not.toContain("the-wrong-password");
  });
});
