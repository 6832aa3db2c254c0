import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { successNotification, userCreated } from "../../generated/index.js";
import { exampleSuccessNotification, exampleUserCreated } from "../../generated/testing.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { startChild } from "../support/child.js";
import { useRedis } from "../support/redis.js";
import { scaled } from "./scale.js";
import type { ReaderNews } from "./small-reader.js";

const MB = 1_000_000;
const { redis, admin } = await useRedis();

/** Adds an entry, in which a text of so many bytes stands for TEXT. Redis makes it, so that nobody else holds it. */
async function add(client: Redis, stream: string, entry: readonly string[], length = 1): Promise<void> {
  const script = `
    local text = string.rep('x', ARGV[1])
    local entry = {}
    for at = 2, #ARGV do entry[at - 1] = string.gsub(ARGV[at], 'TEXT', text) end
    redis.call('XADD', KEYS[1], '*', unpack(entry))`;
  await client.eval(script, 1, stream, length, ...entry);
}

it("a process with a heap of 256 MB reads streams without a group, whatever the size of the entries that others wrote", async () => {
  const metadata = { text: "TEXT" };
  const notice = (id: string): string[] =>
    contractOf(successNotification).write(
      { ...exampleSuccessNotification({ target_user_id: 1, title: "small" }), id, metadata },
      "fields",
    );
  const event = contractOf(userCreated).write({ ...exampleUserCreated({ entity_id: 1 }), metadata }, "fields");
  const report = ["status", "healthy", "timestamp", "2026-01-01T00:00:00Z", "details", '{"text":"TEXT"}'];
  const sizes = [1, ...Array<number>(scaled(2, 20)).fill(10 * MB), 1, scaled(10, 100) * MB, 1];
  for (const [at, length] of sizes.entries()) {
    await add(admin, "notifications", notice(crypto.randomUUID()), length);
    await add(admin, "health", ["service_name", `service-${at}`, ...report], length);
    await add(admin, "events", event, length);
    // As older versions buried what is too large.
    await add(admin, "{events}:dead", ["group", "g", "original", `1:a,${length}:TEXT,`], length);
  }
  await using child = await startChild<ReaderNews>(new URL("./small-reader.ts", import.meta.url), {
    arguments: [redis.url],
    environment: { NODE_OPTIONS: "--max-old-space-size=256" },
  });
  const begun = await child.next((each) => "ready" in each);
  const news = await child.next((each) => "titles" in each, { withinMs: scaled(60_000, 300_000) });
  if (!("titles" in news)) throw new Error("unreachable");

  const small = sizes.flatMap((length, at) => (length === 1 ? [at] : []));
  const large = sizes.length - small.length;
  expect(news.titles).toEqual(small.map(() => "small"));
  expect(news.services).toEqual(small.map((at) => `service-${at}`));
  expect(news.verdicts.filter((text) => text === "")).toHaveLength(small.length);
  expect(news.verdicts.filter((text) => /^is larger than MESSAGE_MAX_BYTES/.test(text))).toHaveLength(large);
  expect(news.letters.filter(([texts, problem]) => texts === 2 && problem === null)).toHaveLength(small.length);
  expect(news.letters.filter(([, problem]) => /^it has \d+ bytes: raise MESSAGE_MAX/.test(problem ?? ""))).toHaveLength(
    large,
  );
  // The screens and the collector say so of each.
  expect(news.troubles).toHaveLength(2 * large);
  expect((news.mostKilobytes - begun.mostKilobytes) / 1000).toBeLessThan(20);
}, 600_000);
