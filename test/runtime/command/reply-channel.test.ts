import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import {
  createUser,
  handleCreateUser,
  handleValidateToken,
  sendCreateUser,
  sendValidateToken,
} from "../../../generated/index.js";
import { ReplyChannels } from "../../../runtime/command/reply-channel.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { Operations } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";

const service = "user-auth-service";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

it("answers 500 commands that are in flight at once, each with its own, in whatever order they come", async () => {
  await using answering = createService(redis, { service, concurrency: 500 });
  const waiting: (() => void)[] = [];
  const order: number[] = [];
  handleCreateUser(answering, async ({ payload }) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    const user_id = Number(payload.first_name);
    order.push(user_id);
    return { user_id };
  });
  await answering.start();
  await using asker = createService(redis, { service: "asker" });
  const ids = Array.from({ length: 500 }, (_, at) => at + 1);
  const asked = ids.map((id) => sendCreateUser(asker, { email: "a@example.com", first_name: String(id) }));
  await eventually(() => waiting.length === 500);
  for (const answer of waiting.reverse()) answer();
  expect((await Promise.all(asked)).map(({ user_id }) => user_id)).toEqual(ids);
  expect(order).not.toEqual(ids);
  expect(asker.counts.answerUnclaimed).toBe(0);
});

it("is taken literally when one is set, in any environment, and else belongs to the instance and its environment", async () => {
  const environment = "production";
  await using answering = createService(redis, { service, environment, replyChannels: ["gateway:{x} *"] });
  handleValidateToken(answering, () => ({ valid: true }));
  await answering.start();
  await using literal = createService(redis, { service: "api-gateway", environment, replyChannel: "gateway:{x} *" });
  await using own = createService(redis, { service: "api-gateway", environment });
  expect(await sendValidateToken(literal, { token: "t" })).toEqual({ valid: true });
  expect(await sendValidateToken(own, { token: "t" })).toEqual({ valid: true });
  const entries = await admin.xrange("production:commands", "-", "+");
  expect(entries.map(([, fields]) => fieldOf(fields, "reply_to"))).toEqual([
    "gateway:{x} *",
    expect.stringMatching(/^production:api-gateway-responses:\d+-[0-9a-f]{8}$/),
  ]);
});

it("that instances share has each hear the other's answers, which are counted and passed over", async () => {
  await using answering = createService(redis, { service, replyChannels: ["sh*"] });
  handleValidateToken(answering, () => ({ valid: true }));
  await answering.start();
  const unclaimed: string[] = [];
  const hooks = { answerUnclaimed: ({ commandId }: { commandId: string }) => void unclaimed.push(commandId) };
  await using one = createService(redis, { service: "api-gateway", replyChannel: "shared", hooks });
  await using two = createService(redis, { service: "api-gateway", replyChannel: "shared" });
  await sendValidateToken(one, { token: "t" });
  expect(await sendValidateToken(two, { token: "t" })).toEqual({ valid: true });
  await eventually(() => one.counts.answerUnclaimed === 1);
  const [, entry] = await admin.xrange("commands", "-", "+");
  expect(unclaimed).toEqual([fieldOf(entry?.[1] ?? [], "id")]);
});

describe("a command may be answered", () => {
  const channels = new ReplyChannels({ environment: "production", replyChannels: ["legacy", "their.*"] });

  it.each<[source: unknown, channel: string]>([
    ["billing", "billing-responses"],
    ["billing", "billing-responses:1"],
    ["billing", "billing-responses:"],
    ["billing", "production:billing-responses:4711-0a1b2c3d"],
    ["anyone", "legacy"],
    ["anyone", "their.channel"],
    [undefined, "legacy"],
    // A contract need not have a source.
    [undefined, "billing-responses:1"],
    [undefined, "production:billing-responses:1"],
  ])("for %s on %s", (source, channel) => expect(channels.allow(source, channel)).toBe(true));

  it.each<[source: unknown, channel: string]>([
    ["billing", "audit-responses:1"],
    ["billing", "billing"],
    ["billing", "billing-response"],
    ["billing", "billing-responses-of-others"],
    ["billing", "notifications:user:1"],
    ["billing", "staging:billing-responses"],
    ["billing", "production:production:billing-responses"],
    ["notifications:billing", "notifications:billing-responses"],
    ["", "-responses:1"],
    [undefined, "notifications:user:1"],
    [undefined, "notifications:billing-responses"],
    [undefined, "-responses:1"],
    [undefined, "responses"],
    [7, "7-responses"],
    ["billing", "legacy:1"],
    ["billing", "a legacy"],
    ["billing", "their"],
    ["billing", ""],
  ])("not for %s on %s", (source, channel) => expect(channels.allow(source, channel)).toBe(false));

  it("in development without a prefix", () => {
    const plain = new ReplyChannels({ environment: "development", replyChannels: [] });
    expect(plain.allow("billing", "billing-responses:1")).toBe(true);
    expect(plain.allow("billing", "development:billing-responses:1")).toBe(false);
    expect(plain.allow("billing", "legacy")).toBe(false);
  });
});

describe.each(["fields", "json"] as const)("a command, as %s, that asks to be answered elsewhere", (encoding) => {
  const elsewhere = "notifications:user:1";
  const entry = (given: object): string[] => {
    const contract = contractOf(createUser);
    const filled = { id: crypto.randomUUID(), timestamp: "2026-01-01T00:00:00Z", source_service: "gateway" };
    const whole = { payload: { email: "a@b.cd" }, reply_to: elsewhere, timeout: 30, ...given };
    return contract.write(contract.compose(whole, filled), encoding);
  };

  it("does not run and is not answered: it is logged, counted, and a dead letter that can be redriven", async () => {
    const heard: string[] = [];
    const ear = new Redis(redis.url);
    ear.on("message", (channel) => heard.push(channel));
    await ear.subscribe(elsewhere, "gateway-responses");
    const logger = logBook();
    let runs = 0;
    await using answering = createService(redis, { service, logger });
    handleCreateUser(answering, () => ({ user_id: ++runs }));
    await answering.start();
    await admin.xadd("commands", "*", ...entry({}));
    // Of a type without a handler, and unreadable: these are refused with an answer.
    await admin.xadd("commands", "*", ...entry({}).map((text) => text.replaceAll("create_user", "unknown")));
    await admin.xadd("commands", "*", ...entry({}).map((text) => text.replace("a@b.cd", "no address")));
    await admin.xadd("commands", "*", ...entry({ reply_to: "gateway-responses" }));
    await eventually(() => answering.counts.deadLettered === 2 && heard.length > 0);
    expect(runs).toBe(1);
    expect(heard).toEqual(["gateway-responses"]);
    expect(await admin.keys("*:answer:*")).toHaveLength(1);
    const said = logger.lines
      .filter(({ level }) => level === "error")
      .map(({ details }) => String(Object(details).err));
    expect(said).toContainEqual(expect.stringMatching(/reply_to must be a channel of .*, got "notifications:user:1"/));
    expect(answering.counts.handlerFailed).toBe(0);

    await answering.close();
    await using allowing = createService(redis, { service, replyChannels: [elsewhere] });
    handleCreateUser(allowing, () => ({ user_id: ++runs }));
    await allowing.start();
    await using operations = new Operations({ env: {}, service: "operator", redis: { url: redis.url } });
    const reason = "CONTRACT_VIOLATED";
    for await (const { id, errors } of operations.deadLetters.list("commands", { reason })) {
      if (errors.at(-1)?.message.includes("reply_to")) await operations.deadLetters.redrive("commands", id);
    }
    await eventually(() => heard.includes(elsewhere));
    expect(runs).toBe(2);
    ear.disconnect();
  });
});

describe("the time limit of a command", () => {
  it.each([2_592_001, 1e300, Number.POSITIVE_INFINITY])(
    "is refused above 30 days, before anything is sent: %s s",
    async (timeoutSeconds) => {
      await using asker = createService(redis, { service: "asker" });
      const sent = sendValidateToken(asker, { token: "t" }, { timeoutSeconds });
      await expect(sent).rejects.toMatchObject({
        code: "CONTRACT_VIOLATED",
        issues: [{ path: "timeout", message: expect.stringContaining("at most 2592000 seconds (30 days)") }],
      });
      expect(asker.counts.publishFailed).toBe(1);
      expect(await admin.exists("commands")).toBe(0);
    },
  );

  it("of others counts as 30 days at most, so their answers are kept no longer", async () => {
    await using answering = createService(redis, { service });
    handleCreateUser(answering, () => ({ user_id: 1 }));
    await answering.start();
    const contract = contractOf(createUser);
    const filled = { id: crypto.randomUUID(), timestamp: "2026-01-01T00:00:00Z", source_service: "s" };
    const given = { payload: { email: "a@b.cd" }, reply_to: "s-responses", timeout: 100_000_000_000 };
    await admin.xadd("commands", "*", ...contract.write(contract.compose(given, filled), "fields"));
    const [stored = ""] = await eventually(
      () => admin.keys("*:answer:*"),
      (keys) => keys.length === 1,
    );
    const keptMs = await admin.pttl(stored);
    expect(keptMs).toBeGreaterThan(2_592_000_000);
    expect(keptMs).toBeLessThanOrEqual(2_592_060_000);
  });
});
