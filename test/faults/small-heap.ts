import { MessagingError, onUserCreated, publishUserCreated, type Settings } from "../../generated/index.js";
import { onParentMessage, tell } from "../support/parent.js";
import { createService } from "../support/service.js";
import { SWIFT } from "./member.js";

/** What a test tells a process with a small heap to do. */
export type Task =
  /** Publishes so many messages at once, each with so many characters. */
  | { readonly publish: number; readonly length: number }
  /** Lets its handlers end, which wait until then. */
  | { readonly end: true };

/** What it tells the test. */
export type HeapNews =
  | { readonly ready: true; readonly mostKilobytes: number }
  /** The serial number of a message, and the most memory that the process has had. */
  | { readonly handled: number; readonly mostKilobytes: number }
  | { readonly begun: number }
  | { readonly stored: readonly string[]; readonly refused: readonly string[]; readonly others: readonly string[] };

const {
  url,
  settings = {},
  handles,
} = JSON.parse(process.argv[2] ?? "") as {
  url: string;
  settings?: Settings;
  handles: boolean;
};
const say = (news: HeapNews): void => tell(news);
const redis = { ...SWIFT.redis, socketTimeoutSeconds: 30, ...settings.redis };
// Long texts keep it busy for longer than a short lease.
const messaging = createService({ url }, { ...SWIFT, leaseSeconds: 15, ...settings, redis, service: "billing" });

let letEnd = (): void => {};
const mayEnd = new Promise<void>((resolve) => {
  letEnd = resolve;
});

if (handles) {
  onUserCreated(messaging, async ({ metadata }) => {
    await mayEnd;
    say({ handled: Number(metadata?.["serial"]), mostKilobytes: process.resourceUsage().maxRSS });
  });
  await messaging.start();
} else {
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
}
say({ ready: true, mostKilobytes: process.resourceUsage().maxRSS });

onParentMessage<Task>(async (task) => {
  if ("end" in task) return letEnd();
  const { publish, length } = task;
  const stored: string[] = [];
  const refused: string[] = [];
  const others: string[] = [];
  // The text is the caller's and is held once; each message is encoded by itself.
  const text = "x".repeat(length);
  const publishing = Array.from({ length: publish }, async (_, serial) => {
    const metadata = { serial, text };
    try {
      const message = { entity_id: 1, after_data: { email: "ada@example.com" }, metadata };
      stored.push((await publishUserCreated(messaging, message)).entryId);
    } catch (error) {
      const { code, retryable, message } = error as MessagingError;
      if (error instanceof MessagingError && code === "PUBLISH_OVERLOADED" && retryable) refused.push(message);
      else others.push(String(error));
    }
  });
  say({ begun: publish });
  await Promise.all(publishing);
  say({ stored, refused: [...new Set(refused)].slice(0, 3), others });
});
