import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../generated/index.js";
import type { NotificationTarget } from "../../../runtime/messaging/notification.js";
import { coverOf, subscriptionOf } from "../../../runtime/notification/channel.js";
import { channelOf } from "../../../runtime/publish/prepare.js";

const development = { environment: "development" };
const production = { environment: "production" };

describe("the channel of a notification", () => {
  it("is the most specific of user, company and channel", () => {
    const all = { target_user_id: 123, target_company_id: 7, channel: "auth" };
    expect(channelOf(development, all)).toBe("notifications:user:123");
    expect(channelOf(development, { ...all, target_user_id: undefined })).toBe("notifications:company:7");
    expect(channelOf(development, { channel: "auth" })).toBe("notifications:auth");
    expect(channelOf(development, {})).toBe("notifications:general");
  });

  it("belongs to its environment", () => {
    expect(channelOf(production, { channel: "auth" })).toBe("production:notifications:auth");
    expect(subscriptionOf(production, { userId: 1 }).name).toBe("production:notifications:user:1");
  });
});

describe("a subscription", () => {
  it.each<[string, NotificationTarget]>([
    ["an empty channel", { channel: "" }],
    ["a channel with a colon, which could be somebody's own", { channel: "user:123" }],
    ["a channel with a wildcard", { channel: "*" }],
    ["a channel with a space", { channel: "my channel" }],
    ["a user with a wildcard", { userId: "*" }],
    ["a user with a colon", { userId: "1:2" }],
    ["an empty company", { companyId: "" }],
    ["an empty pattern", { pattern: "" }],
    ["a pattern with a line break", { pattern: "a\nb" }],
  ])("to %s is refused", (_name, target) => {
    expect(() => subscriptionOf(development, target)).toThrow(ConfigError);
  });

  it.each<[string, string, boolean]>([
    ["*", "general", true],
    ["company:*", "company:7", true],
    ["company:*", "user:7", false],
    ["user:?", "user:7", true],
    ["user:?", "user:77", false],
    ["user:[1-3]", "user:2", true],
    ["user:[1-3]", "user:4", false],
    ["user:[^1]", "user:2", true],
    ["user:[^1]", "user:1", false],
    ["a.c", "abc", false],
    ["a.c", "a.c", true],
    ["a\\*", "a*", true],
    ["a\\*", "ab", false],
    ["a+(b)", "a+(b)", true],
  ])("to the pattern %s, of %s: %s", (pattern, channel, covered) => {
    const subscription = subscriptionOf(development, { pattern });
    expect(coverOf(subscription)(`notifications:${channel}`)).toBe(covered);
  });
});
