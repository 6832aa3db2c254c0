import type { Redis } from "ioredis";
import { catalogue } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { createDashboard, type Dashboard, type DashboardOptions } from "../../../runtime/dashboard/index.js";

/** A name that runs as a script wherever it comes into a page as anything but text. */
export const HOSTILE = `<img src=x onerror="stolen=1">'"><script>stolen=1</script>\u202e`;
export const TOKEN = "a-token-of-some-length";

/** A dashboard on a test's Redis, to which nothing of this machine's environment comes. */
export function dashboardAt(redis: { readonly url: string }, options: Partial<DashboardOptions> = {}): Dashboard {
  return createDashboard({ catalogue, env: {}, redis: { url: redis.url }, service: "dashboard", ...options });
}

/** Fills a Redis with names that others chose in the worst way: of a type, services, groups, members, errors, companies. */
export async function writeHostile(admin: Redis): Promise<{ readonly letter: string; readonly entry: string }> {
  const message = exampleUserCreated({ source_service: HOSTILE, correlation_id: HOSTILE });
  const { metadata, after_data, ...texts } = message as unknown as Record<string, unknown>;
  const fields = Object.entries({
    ...texts,
    metadata: JSON.stringify(metadata),
    after_data: JSON.stringify({ ...(after_data as object), language: HOSTILE, email: "ada@example.com" }),
  }).flatMap(([name, value]) => [name, String(value)]);
  const entry = String(await admin.xadd("events", "*", ...fields));
  await admin.xadd("events", "*", "event_type", HOSTILE, "source_service", HOSTILE, HOSTILE, HOSTILE);
  await admin.xgroup("CREATE", "events", HOSTILE, "0");
  await admin.xreadgroup("GROUP", HOSTILE, HOSTILE, "COUNT", 1, "STREAMS", "events", ">");
  await admin.hset(
    `{events}:types:${HOSTILE}`,
    HOSTILE,
    `\n${JSON.stringify("user.created")}\n${JSON.stringify(HOSTILE)}\n`,
  );
  await admin.xadd("health", "*", "service_name", HOSTILE, "status", HOSTILE, "version", HOSTILE, "details", "{}");
  const errors = [{ at: "2026-01-01T00:00:00Z", name: HOSTILE, message: HOSTILE, code: HOSTILE, stack: HOSTILE }];
  const original = fields.map((text) => `${Buffer.byteLength(text)}:${text},`).join("");
  const letter = String(
    await admin.xadd(
      "{events}:dead",
      "*",
      ...["stream", "events", "group", HOSTILE, "service", HOSTILE, "consumer", HOSTILE, "entry_id", entry],
      ...["type", "user.created", "message_id", "1", "correlation_id", HOSTILE, "attempts", "1", "reason", HOSTILE],
      ...["failed_at", HOSTILE, "errors", JSON.stringify(errors), "original", original],
    ),
  );
  await admin.zadd("{events}:dead:index", 0, `${HOSTILE}`);
  return { letter, entry };
}

/** Every page, with what the hostile names are in it. */
export function pagesOf({ letter, entry }: { readonly letter: string; readonly entry: string }): readonly string[] {
  const name = encodeURIComponent(HOSTILE);
  return [
    "",
    "streams",
    "stream?stream=events",
    `group?stream=events&group=${name}`,
    "messages?stream=events",
    `messages?stream=${name}&type=${name}&company=${name}&correlation=${name}&field=${name}`,
    `message?stream=events&id=${entry}`,
    `story?id=${name}`,
    "letters",
    `letters?stream=events&cause=${name}&state=any`,
    "letters?stream=events",
    `letter?stream=events&id=${letter}`,
    "services",
    "flow",
    name,
  ];
}
