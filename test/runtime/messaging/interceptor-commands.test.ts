import { afterEach, describe, expect, it } from "vitest";
import {
  createUser,
  handleCreateUser,
  handleValidateToken,
  sendCreateUser,
  sendValidateToken,
  validateToken,
} from "../../../generated/index.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { handling, noting } from "../../support/interceptors.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const service = "user-auth-service";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

describe("an interceptor of a command's handling", () => {
  it("is passed the handler's result, and may return another to the sender", async () => {
    const results: unknown[] = [];
    const interceptor = handling(async (call, next) => {
      const result = await next();
      results.push([call.is(validateToken) && call.message.payload.token, result]);
      return { ...(result as object), user_id: 7 };
    });
    await using messaging = createService(redis, { service, interceptors: [interceptor] });
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    expect(await sendValidateToken(messaging, { token: "t" })).toEqual({ valid: true, user_id: 7 });
    expect(results).toEqual([["t", { valid: true }]]);
  });

  it.each([
    ["not in the contract", async () => ({ valid: "yes" })],
    ["missing", async () => {}],
  ])("whose own result is %s fails the command", async (_what, wrap) => {
    await using messaging = createService(redis, { service, interceptors: [handling(wrap)] });
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "RESULT_INVALID",
    });
  });

  it("may answer the command without its handler", async () => {
    const cached = handling(async () => ({ valid: false }));
    await using messaging = createService(redis, { service, interceptors: [cached] });
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    expect(await sendValidateToken(messaging, { token: "t" })).toEqual({ valid: false });
  });

  it("that throws fails the command at once, with its text and code", async () => {
    const steps: string[] = [];
    const refusing = handling(() => Promise.reject(Object.assign(new Error("not signed in"), { code: "E_AUTH" })));
    await using messaging = createService(redis, { service, interceptors: [noting(steps, "outer"), refusing] });
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "E_AUTH",
      message: "not signed in",
    });
    expect(steps).toEqual(["outer begins", "outer sees: not signed in"]);
  });

  it("that throws has a command that was told tried again, like an event", async () => {
    const attempts: number[] = [];
    const interceptor = handling(({ context: { attempt } }, next) => {
      attempts.push(attempt);
      return attempt === 1 ? Promise.reject(new Error("not yet")) : next();
    });
    await using messaging = createService(redis, { service, retryDelaySeconds: 0.01, interceptors: [interceptor] });
    handleCreateUser(messaging, () => ({ user_id: 1 }));
    await messaging.start();
    await messaging.tell(createUser, { email: "ada@example.com" });
    await eventually(() => messaging.counts.handled === 1);
    expect(attempts).toEqual([1, 2]);
  });

  it("does not see commands whose stored answer is sent again, that are for another service, or that are unknown", async () => {
    const seen: string[] = [];
    const interceptor = handling(({ descriptor }, next) => {
      seen.push(descriptor.type);
      return next();
    });
    await using messaging = createService(redis, { service, concurrency: 1, interceptors: [interceptor] });
    handleCreateUser(messaging, () => ({ user_id: 1 }));
    await messaging.start();
    const filled = { id: crypto.randomUUID(), timestamp: "2026-01-01T00:00:00Z", source_service: "s" };
    const command = { payload: { email: "a@b.cd" }, reply_to: "s-responses", timeout: 30 };
    const contract = contractOf(createUser);
    const entry = contract.write(contract.compose(command, filled), "fields");
    await admin.xadd("commands", "*", ...entry);
    await admin.xadd("commands", "*", ...entry);
    await messaging.tell(createUser, { email: "a@b.cd" }, { targetService: "another" });
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toMatchObject({ errorCode: "COMMAND_UNKNOWN" });
    await sendCreateUser(messaging, { email: "a@b.cd" });
    await eventually(() => messaging.counts.handled === 3);
    expect(seen).toEqual(["create_user", "create_user"]);
  });
});
