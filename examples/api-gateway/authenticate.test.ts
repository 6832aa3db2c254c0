import { validateToken } from "@m-erp/messaging";
import { createTestMessaging, stub, type TestMessaging } from "@m-erp/messaging/testing";
import type { FastifyReply, FastifyRequest } from "fastify";
import { expect, test } from "vitest";
import { authenticate } from "./authenticate.js";

/** The status with which a request is refused, or its caller. */
async function askWith(messaging: TestMessaging, headers: Record<string, string>): Promise<unknown> {
  const request = { headers } as unknown as FastifyRequest;
  let status: number | undefined;
  const reply = {
    code(code: number) {
      status = code;
      return reply;
    },
    header: () => reply,
    send: () => reply,
  };
  await authenticate(messaging)(request, reply as unknown as FastifyReply);
  return status ?? request.caller;
}

test("a request with a valid token is admitted, as its owner's", async () => {
  await using messaging = createTestMessaging({ service: "api-gateway" });
  await stub(messaging.broker, validateToken, ({ payload }) =>
    payload.token === "secret" ? { valid: true, user_id: 7 } : { valid: false },
  );

  expect(await askWith(messaging, { authorization: "Bearer secret" })).toEqual({ user_id: 7 });
  expect(await askWith(messaging, { cookie: "a=b; token=wrong" })).toBe(401);
  expect(await askWith(messaging, {})).toBe(401);
});

test("a request is refused when nobody says whose it is", async () => {
  await using messaging = createTestMessaging({ service: "api-gateway" });
  const status = askWith(messaging, { authorization: "Bearer secret" });
  await messaging.time.advance("2s");
  expect(await status).toBe(504);
});
