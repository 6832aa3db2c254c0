import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  handleCreateUser,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  type RedisOptions,
  sendCreateUser,
  subscribeNotifications,
} from "../../generated/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { appPassword } from "../support/acl-users.js";
import { startCluster } from "../support/cluster.js";
import { startSentinel } from "../support/sentinel.js";
import { createService, logBook } from "../support/service.js";
import { opensslAvailable } from "../support/tls-redis.js";

const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
const rightsOf = (user: string): string => new RegExp(`user ${user} on >\\S+ (.+)\n`).exec(page)?.[1] ?? "";
const RIGHTS = ["publisher", "notifier", "consumer", "responder", "asker", "listener"].map(rightsOf).join(" ");
const onCluster = /`(\+cluster\|\S+(?: \+cluster\|\S+)*)`/.exec(page)?.[1] ?? "";
const onSentinels = /`(\+sentinel\|\S+?)`/.exec(page)?.[1] ?? "";

/** A service that publishes, handles, asks, answers, notifies and listens. */
async function doesEverything(redis: RedisOptions): Promise<void> {
  const log = logBook();
  await using service = createService(
    {},
    {
      ...SWIFT,
      service: "api-gateway",
      logger: log,
      redis: { ...SWIFT.redis, ...redis },
    },
  );
  const [handled, heard]: [number[], string[]] = [[], []];
  onUserCreated(service, ({ entity_id }, { attempt }) => {
    if (attempt === 1) throw new Error("not yet");
    handled.push(entity_id);
  });
  handleCreateUser(service, () => ({ user_id: 7 }));
  await service.start();
  await subscribeNotifications(service, { userId: 1 }, ({ title }) => void heard.push(title), { catchUp: true });

  await publishUserCreated(
    service,
    { entity_id: 1, after_data: { email: "a@b.cd" } },
    { once: true, id: crypto.randomUUID() },
  );
  await notifySuccess(service, { title: "done", message: "m", target_user_id: 1 });
  expect(await sendCreateUser(service, { email: "a@b.cd" }, { targetService: "api-gateway" })).toEqual({ user_id: 7 });
  await eventually(() => handled.length === 1 && heard.length === 1);
  expect(log.text).not.toContain("NOPERM");
}

describe("a user with the rights of the documentation, and no more, is let into", () => {
  it("a cluster", async () => {
    await using cluster = await startCluster({ rules: `${RIGHTS} ${onCluster}` });
    await doesEverything({ ...cluster.address, username: "app", password: appPassword });
  });

  it("a cluster whose passwords were changed before the credentials of a provider expired", async () => {
    await using cluster = await startCluster({ rules: `${RIGHTS} ${onCluster}` });
    const given = ["the password until now"];
    const credentials = () => ({ username: "app", password: given.shift() ?? appPassword, expiresInSeconds: 3600 });
    await doesEverything({ ...cluster.address, credentials });
  });

  it.skipIf(!opensslAvailable)("a cluster with a certificate for each node's address", async () => {
    await using cluster = await startCluster({ tls: "address", rules: `${RIGHTS} ${onCluster}` });
    const login = { username: "app", password: appPassword };
    await doesEverything({ ...cluster.address, ...login, tls: { ca: cluster.ca as string } });
  });

  it.skipIf(!opensslAvailable)("a cluster with certificates for the names that its nodes announce", async () => {
    await using cluster = await startCluster({ tls: "hostname", rules: `${RIGHTS} ${onCluster}` });
    const nodes = cluster.seeds.replaceAll("127.0.0.1", "localhost").split(",");
    const login = { username: "app", password: appPassword };
    await doesEverything({ cluster: { nodes }, ...login, tls: { ca: cluster.ca as string } });
  });

  it.skipIf(!opensslAvailable)("Redis under sentinels with TLS, and the sentinels themselves", async () => {
    await using redis = await startSentinel({ tls: true, rules: RIGHTS, sentinelRules: onSentinels });
    const login = { username: "app", password: appPassword };
    await doesEverything({
      sentinel: { ...redis.address.sentinel, ...login },
      ...login,
      tls: { ca: redis.ca as string },
    });
  });
});
