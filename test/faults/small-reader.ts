import { catalogue, subscribeNotifications } from "../../generated/index.js";
import { HealthCollector, Operations } from "../../runtime/operations/index.js";
import { Judge } from "../../runtime/operations/judge.js";
import { streamEntries } from "../../runtime/operations/stream-entries.js";
import { tell } from "../support/parent.js";
import { createService } from "../support/service.js";

/** What a process with a small heap tells of the streams that it reads without a group. */
export type ReaderNews =
  | { readonly ready: true; readonly mostKilobytes: number }
  | {
      /** The notifications that a screen had missed. */
      readonly titles: readonly string[];
      readonly services: readonly string[];
      /** Of each event, what a validation says. */
      readonly verdicts: readonly string[];
      /** Of each dead letter, how many texts its original has and what of it cannot be read. */
      readonly letters: readonly (readonly [texts: number, problem: string | null])[];
      readonly troubles: readonly string[];
      readonly mostKilobytes: number;
    };
const say = (news: ReaderNews): void => tell(news);

const [url = ""] = process.argv.slice(2);
// Redis itself takes long for what is very large.
const redis = { url, socketTimeoutSeconds: 60 };
const troubles: string[] = [];
const titles: string[] = [];
const services: string[] = [];

// What a connection and a first message need is loaded.
for await (const _ of streamEntries("health", { env: {}, service: "validate", redis })) break;
say({ ready: true, mostKilobytes: process.resourceUsage().maxRSS });

const messaging = createService(redis, {
  hooks: { trouble: ({ error }) => void troubles.push(String(error)) },
  service: "screens",
});
await subscribeNotifications(messaging, { userId: 1 }, ({ title }) => void titles.push(title), { since: "0-0" });
await messaging.close();

const hooks = { trouble: (_: string, error: unknown) => void troubles.push(String(error)) };
const collector = new HealthCollector({ env: {}, redis, hooks });
await collector.start();
services.push(...collector.services().map(({ service }) => service));
await collector.close();

const judge = new Judge(catalogue.messages);
const verdicts: string[] = [];
for await (const entry of streamEntries("events", { env: {}, service: "validate", redis })) {
  verdicts.push(
    judge
      .entry(entry, "events")
      .issues.map(({ message }) => message)
      .join(),
  );
}

const operations = new Operations({ env: {}, redis });
const letters: [number, string | null][] = [];
for await (const { original, problem } of operations.deadLetters.list("events"))
  letters.push([original.length, problem ?? null]);
await operations[Symbol.asyncDispose]();

say({ titles, services, verdicts, letters, troubles, mostKilobytes: process.resourceUsage().maxRSS });
