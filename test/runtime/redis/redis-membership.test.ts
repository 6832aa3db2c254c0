import { expect, it } from "vitest";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { type MembershipParts, RedisMembership } from "../../../runtime/redis/redis-membership.js";

it("a member learns once of a lapse that is over by the time it asks, and always of one that goes on", () => {
  const heartbeat = { lapsed: false, lapses: 0 };
  const parts = { keys: streamKeys("events", "workers"), heartbeat, leaseMs: 1000 };
  const place = { stream: "events", group: "workers", consumer: "me", redriven: false, handles: [], answers: false };
  const member = new RedisMembership(place, parts as unknown as MembershipParts);
  expect(member.lapsed()).toBe(false);
  heartbeat.lapses++;
  expect([member.lapsed(), member.lapsed()]).toEqual([true, false]);
  heartbeat.lapsed = true;
  expect([member.lapsed(), member.lapsed()]).toEqual([true, true]);
});
