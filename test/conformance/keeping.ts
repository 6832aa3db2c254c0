import { expect } from "vitest";
import {
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  UnrecoverableError,
  userCreated,
} from "../../generated/index.js";
import type { Hooks } from "../../runtime/index.js";
import { user } from "./cast.js";
import type { Sentences, Stage } from "./stage.js";

const OFTEN = { trimIntervalSeconds: 0.05 };

export const keeping: Sentences = {
  "entries beyond the maximum length are removed once every group has acknowledged them": async (stage) => {
    const billing = stage.service("billing", { ...OFTEN, streamMaxLength: 5 });
    const trimmed: { readonly removed: number; readonly length: number }[] = [];
    const audit = stage.service("audit", {
      hooks: { trimmed: (info) => void trimmed.push(info) },
      ...OFTEN,
      streamMaxLength: 5,
    });
    let isBroken = true;
    onUserCreated(billing, () => {});
    onUserCreated(audit, () => {
      if (isBroken) throw new Error("not yet");
    });
    await Promise.all([billing.start(), audit.start()]);
    await billing.publishAll(
      userCreated,
      Array.from({ length: 12 }, (_, at) => user(at + 1)),
    );
    await stage.until(() => billing.counts.handled === 12 && audit.counts.retried >= 12, "the first attempts");
    await stage.pass(80);
    expect([...trimmed, billing.counts.trimmed]).toEqual([0]);
    isBroken = false;
    await stage.until(() => audit.counts.handled === 12, "the others");
    await stage.until(() => billing.counts.trimmed + audit.counts.trimmed > 0, "the trim");
  },

  "entries that are too old are removed": async (stage) => {
    const trimmed: { readonly removed: number; readonly length: number }[] = [];
    const hooks = { trimmed: (info: (typeof trimmed)[number]) => void trimmed.push(info) };
    const billing = stage.service("billing", { ...OFTEN, messageTtlSeconds: 1, hooks });
    onUserCreated(billing, () => {});
    await billing.start();
    await billing.publishAll(userCreated, [user(1), user(2), user(3)]);
    await stage.until(() => billing.counts.handled === 3, "the messages");
    await stage.until(() => trimmed.at(-1)?.length === 0, "the trim");
    expect(trimmed.reduce((sum, { removed }) => sum + removed, 0)).toBe(3);
  },

  "health tells what a group has to do": async (stage) => {
    const billing = stage.service("billing", { retryDelaySeconds: 60, concurrency: 1 });
    onUserCreated(billing, ({ entity_id }) => {
      throw entity_id === 1 ? new UnrecoverableError("broken") : new Error("not yet");
    });
    expect(await billing.health()).toMatchObject({ status: "unknown" });
    await billing.start();
    await billing.publishAll(userCreated, [user(1), user(2), user(3)]);
    await stage.until(() => billing.counts.retried === 2 && billing.counts.deadLettered === 1, "the failures");
    const { status, details } = await billing.health();
    expect(status).toBe("healthy");
    expect(details.redis.connected).toBe(true);
    const [[, stream] = []] = Object.entries(details.streams);
    expect(stream).toMatchObject({
      group: "billing-workers",
      loop: "reading",
      lag: 0,
      pending: 2,
      retrying: 2,
      dead_letters: 1,
    });
    expect(details.counts).toMatchObject({ published: 3, handlerFailed: 3 });
  },

  "a service that has read nothing for a long time is healthy": async (stage) => {
    const billing = stage.service("billing");
    onUserCreated(billing, () => {});
    await billing.start();
    await stage.pass(300);
    expect(await billing.health()).toMatchObject({ status: "healthy", details: { heartbeat: { state: "confirmed" } } });
  },

  "what waits for its retry is kept, however old it is": async (stage) => {
    const billing = stage.service("billing", { ...OFTEN, messageTtlSeconds: 1, retryDelaySeconds: 2.6 });
    const attempts: number[] = [];
    onUserCreated(billing, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("once");
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => attempts.length === 2, "the retry");
    await stage.until(() => billing.counts.handled === 1, "the success");
  },

  "a group that nobody serves is told of, and destroyed where its stream's services say so": async (stage) => {
    const told = await unserved(stage, "expire-group");
    await stage.until(() => told.length > 0, "the group");
    expect(told[0]).toEqual({ group: "billing-workers", policy: "expire-group", expired: true });
    const again = stage.service("billing");
    let handled = 0;
    onUserCreated(again, () => void handled++);
    await again.start();
    // It was created anew, when its service was started.
    await stage.until(() => again.counts.groupCreated > 0, "the new group");
  },

  "a group that nobody serves keeps others from publishing more than may be kept, where they say so": async (stage) => {
    const told = await unserved(stage, "reject-publish");
    await stage.until(() => told.length > 0, "the group");
    expect(told[0]).toEqual({ group: "billing-workers", policy: "reject-publish", expired: false });
    const web = stage.service("web", { ...bounds, unservedGroups: "reject-publish" });
    const codes: unknown[] = [];
    await stage.until(async () => {
      await publishUserCreated(web, user(2)).catch(({ code }) => codes.push(code));
      return codes.length > 0;
    }, "the refusal");
    expect(codes[0]).toBe("PUBLISH_FAILED");
  },
};

const bounds = { messageTtlSeconds: 1, trimIntervalSeconds: 0.05, streamMaxLength: 1 };

/** What is told of a group whose service has ended with messages left. */
async function unserved(stage: Stage, unservedGroups: "expire-group" | "reject-publish"): Promise<readonly unknown[]> {
  // It counts as served for as long as its lease might last.
  const billing = stage.service("billing", { leaseSeconds: 0.5 });
  onUserCreated(billing, () => {});
  await billing.start();
  await billing.close();
  const told: unknown[] = [];
  const hooks: Hooks = {
    groupUnserved: ({ group, policy, expired }) => void told.push({ group, policy, expired }),
  };
  const audit = stage.service("audit", { ...bounds, unservedGroups, hooks });
  onUserUpdated(audit, () => {});
  await audit.start();
  await audit.publishAll(userCreated, [user(1), user(2)]);
  return told;
}
