import { MessagingError, publishUserCreated, type RedisOptions } from "../../generated/index.js";
import { SWIFT } from "../faults/member.js";
import { onParentMessage, tell } from "../support/parent.js";
import { createService } from "../support/service.js";

/** What a publisher is to do, as plain data. */
export interface PublisherRole {
  readonly redis: RedisOptions;
  /** The number of its first message. */
  readonly from: number;
  /** @defaultValue 1 */
  readonly everyMs?: number;
}

/** What the process of a publisher tells the test. */
export type PublisherNews =
  | { readonly sending: number }
  /** @param first - whether it was stored at the first attempt, so that it stands where it was published */
  | { readonly stored: number; readonly first: boolean }
  | { readonly uncertain: number }
  | { readonly code: string; readonly text: string }
  | { readonly closed: true };

const news = (said: PublisherNews): void => tell(said);
const { redis, from, everyMs = 1 } = JSON.parse(process.argv[2] ?? "") as PublisherRole;
const messaging = createService(
  {},
  { service: "publisher", redis: { ...SWIFT.redis, ...redis }, trimIntervalSeconds: 3600 },
);
let going = true;

/** Tries again what was refused, but never what may have been stored. */
async function publish(serial: number): Promise<void> {
  const message = { entity_id: 1, after_data: { email: "user@example.com" }, metadata: { serial } };
  for (let attempt = 1; ; attempt++) {
    try {
      await publishUserCreated(messaging, message);
      return news({ stored: serial, first: attempt === 1 });
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      if (error.code === "PUBLISH_UNCERTAIN") return news({ uncertain: serial });
      if (!error.retryable) return news({ code: error.code, text: error.message });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

onParentMessage<{ stop: true }>(() => {
  going = false;
});
const under = new Set<Promise<void>>();
// Without waiting for one another: many are under way when something breaks.
for (let serial = from; going; serial++) {
  news({ sending: serial });
  const one = publish(serial).finally(() => under.delete(one));
  under.add(one);
  await new Promise((resolve) => setTimeout(resolve, everyMs));
  // Who can publish nothing for long stops asking.
  if (under.size > 500) await Promise.race(under);
}
await Promise.all(under);
await messaging.close();
news({ closed: true });
process.exit();
