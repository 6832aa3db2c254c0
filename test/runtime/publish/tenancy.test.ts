import { afterEach, describe, expect, it } from "vitest";
import {
  type Encoding,
  handleReloadConfig,
  handleValidateToken,
  notifySuccess,
  onSuccessNotification,
  onUserCreated,
  onUserUpdated,
  publishHealthReport,
  publishUserCreated,
  publishUserUpdated,
  sendReloadConfig,
  sendValidateToken,
  validateToken,
  withCorrelation,
} from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import type { MessagingOptions } from "../../../runtime/service/assemble.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const encodings: readonly Encoding[] = ["fields", "json"];
const user = { email: "ada@example.com" };
const note = { title: "Welcome!", message: "text" };

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const service = (options: MessagingOptions = {}): ReturnType<typeof createService> => createService(redis, options);
const strict = (options: MessagingOptions = {}): ReturnType<typeof createService> =>
  service({ tenancy: "required", ...options });

async function fields(stream: string, at = 0): Promise<string[]> {
  const entries = await eventually(
    () => admin.xrange(stream, "-", "+"),
    ({ length }) => length > at,
  );
  return entries[at]?.[1] ?? [];
}

describe("where every message must belong to a company", () => {
  it("publishing or sending without one is refused and sends nothing", async () => {
    await using messaging = strict();
    const refused = (path: string): object => ({
      code: "CONTRACT_VIOLATED",
      issues: [{ path, message: expect.stringMatching(/^is required, because tenancy is "required"/) }],
    });
    await expect(publishUserCreated(messaging, { entity_id: 1, after_data: user })).rejects.toMatchObject(
      refused("company_id"),
    );
    await expect(notifySuccess(messaging, note)).rejects.toMatchObject(refused("target_company_id"));
    await expect(messaging.tell(validateToken, { token: "t" })).rejects.toMatchObject(refused("metadata.company_id"));
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toMatchObject(refused("metadata.company_id"));
    expect(await admin.keys("*")).toEqual([]);
  });

  it("what names its company is published, and so is what says that it has none", async () => {
    await using messaging = strict();
    handleReloadConfig(messaging, ({ metadata }) => ({ reloaded: [String(metadata?.["company_id"])] }));
    await messaging.start();
    await publishUserCreated(messaging, { entity_id: 1, company_id: 7, after_data: user });
    await notifySuccess(messaging, { ...note, target_company_id: 7 });
    await publishUserCreated(messaging, { entity_id: 2, after_data: user }, { withoutCompany: true });
    await publishHealthReport(messaging, { status: "healthy" });
    const target = { targetService: "test-service" };
    const none = await sendReloadConfig(messaging, {}, { ...target, withoutCompany: true });
    expect(none).toEqual({ reloaded: ["undefined"] });
    expect(fieldOf(await fields("events", 0), "company_id")).toBe("7");
    expect(fieldOf(await fields("events", 1), "company_id")).toBe("");
    expect(await withCorrelation({ companyId: 7 }, () => sendReloadConfig(messaging, {}, target))).toEqual({
      reloaded: ["7"],
    });
  });

  it("a request's company is inherited across every await, until another is named", async () => {
    await using messaging = strict();
    await withCorrelation({ companyId: 7 }, async () => {
      await publishUserCreated(messaging, { entity_id: 1, after_data: user });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await publishUserCreated(messaging, { entity_id: 2, company_id: 8, after_data: user });
    });
    expect(fieldOf(await fields("events", 0), "company_id")).toBe("7");
    expect(fieldOf(await fields("events", 1), "company_id")).toBe("8");
  });

  it.each(encodings)("it flows from an event to a command, to an event, to a notification, as %s", async (encoding) => {
    await using users = strict({ service: "users", encoding });
    await using tokens = strict({ service: "user-auth-service", encoding });
    onUserCreated(users, async () => {
      await sendValidateToken(users, { token: "t" });
      await notifySuccess(users, { ...note, target_user_id: 1 });
    });
    handleValidateToken(tokens, async () => {
      await publishUserUpdated(tokens, { entity_id: 1, after_data: user, changes: {} });
      return { valid: true };
    });
    const seen: unknown[] = [];
    onUserUpdated(users, (event) => void seen.push(event.company_id));
    onSuccessNotification(users, (notification) => void seen.push(notification.target_company_id));
    await Promise.all([users.start(), tokens.start()]);
    await publishUserCreated(users, { entity_id: 1, company_id: 7, after_data: user });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([7, 7]);
    expect(users.counts.handlerFailed + tokens.counts.handlerFailed).toBe(0);
  });

  it("a notification to a user stays on that user's channel", async () => {
    await using messaging = strict();
    const heard: string[] = [];
    await messaging.listen({ pattern: "*" }, (_message, { channel }) => void heard.push(channel));
    await withCorrelation({ companyId: 7 }, () => notifySuccess(messaging, { ...note, target_user_id: 123 }));
    await eventually(() => heard.length === 1);
    expect(heard).toEqual(["notifications:user:123"]);
    expect(fieldOf(await fields("notifications"), "target_company_id")).toBe("7");
  });
});

describe("where none is required, none is inherited", () => {
  it("so that what a handler publishes belongs to no company unless it says so", async () => {
    await using messaging = service();
    await withCorrelation({ companyId: 7 }, () => publishUserCreated(messaging, { entity_id: 1, after_data: user }));
    expect(fieldOf(await fields("events"), "company_id")).toBe("");
  });
});

describe.each(encodings)("a handler bound to a company, as %s", (encoding) => {
  it("never sees another's events or notifications, nor those of none", async () => {
    await using sender = service({ service: "sender", encoding });
    await using messaging = service();
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => void seen.push(event.entity_id), { company_id: 7 });
    onSuccessNotification(messaging, ({ title }) => void seen.push(title), { company_id: 7 });
    await messaging.start();
    for (const [at, company_id] of [8, 7, undefined, 77].entries()) {
      const company = company_id === undefined ? {} : { company_id };
      const target = company_id === undefined ? {} : { target_company_id: company_id };
      await publishUserCreated(sender, { entity_id: at + 1, ...company, after_data: user });
      await notifySuccess(sender, { ...note, title: `note ${at}`, ...target });
    }
    await eventually(() => messaging.counts.handled + messaging.counts.skipped === 8);
    expect(seen.sort()).toEqual([2, "note 1"]);
    expect(messaging.counts).toMatchObject({ handled: 2, skipped: 6, deadLettered: 0 });
  });

  it("never sees another's commands, nor those of none, and leaves them to others", async () => {
    await using asker = service({ service: "asker", encoding });
    const deployments = [7, 8].map((company) => {
      const deployment = service({ service: "user-auth-service", groupSuffix: `company-${company}` });
      const roles = [`company ${company}`];
      deployment.handle(validateToken, () => ({ valid: true, roles }), { company_id: company });
      return deployment;
    });
    await Promise.all(deployments.map((deployment) => deployment.start()));
    const ask = (companyId: number | undefined): Promise<unknown> =>
      withCorrelation({ companyId }, () =>
        sendValidateToken(asker, { token: "t" }, { timeoutSeconds: companyId === 7 || companyId === 8 ? 10 : 1 }),
      );
    // A command inherits its company where one is required.
    await using tenant = strict({ service: "tenant", encoding });
    const askAs = (companyId: number): Promise<unknown> =>
      withCorrelation({ companyId }, () => sendValidateToken(tenant, { token: "t" }, { timeoutSeconds: 10 }));
    expect(await Promise.all([askAs(7), askAs(8)])).toEqual([
      { valid: true, roles: ["company 7"] },
      { valid: true, roles: ["company 8"] },
    ]);
    await expect(ask(undefined)).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });
    expect(deployments.map(({ counts }) => counts.handled)).toEqual([1, 1]);
    await Promise.all(deployments.map((deployment) => deployment.close()));
  });
});
