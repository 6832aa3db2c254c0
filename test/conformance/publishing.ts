import { expect } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  userCreated,
  validateToken,
} from "../../generated/index.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

export const publishing: Sentences = {
  "every group that has a handler for a message handles it once": async (stage) => {
    const [billing, audit] = [stage.service("billing"), stage.service("audit")];
    const handled: string[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(`billing ${entity_id}`));
    onUserCreated(audit, ({ entity_id }) => void handled.push(`audit ${entity_id}`));
    await Promise.all([billing.start(), audit.start()]);

    await publishUserCreated(billing, user(1));

    await stage.until(() => handled.length === 2, "both groups");
    await stage.pass(20);
    expect(handled.sort()).toEqual(["audit 1", "billing 1"]);
  },

  "one of several instances handles a message": async (stage) => {
    const instances = [1, 2, 3].map(() => stage.service("billing"));
    const handled: number[] = [];
    for (const each of instances) onUserCreated(each, ({ entity_id }) => void handled.push(entity_id));
    await Promise.all(instances.map((each) => each.start()));

    await instances[0]?.publishAll(
      userCreated,
      [1, 2, 3, 4, 5].map((id) => user(id)),
    );

    await stage.until(() => handled.length >= 5, "five messages");
    await stage.pass(20);
    expect(handled.sort()).toEqual([1, 2, 3, 4, 5]);
  },

  "a new group begins with what was published before": async (stage) => {
    const billing = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
    await publishUserCreated(billing, user(1));
    await billing.start();
    await stage.until(() => handled.length === 1, "the earlier message");
  },

  "a new group that is told to begins with what is published after its start": async (stage) => {
    const billing = stage.service("billing", { startFrom: "new" });
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
    await publishUserCreated(billing, user(1));
    await stage.pass(5);
    await billing.start();
    await publishUserCreated(billing, user(2));
    await stage.until(() => handled.length > 0, "the later message");
    expect(handled).toEqual([2]);
  },

  "a group goes on where it was, whoever was away": async (stage) => {
    const first = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(first, ({ entity_id }) => void handled.push(entity_id));
    await first.start();
    await publishUserCreated(first, user(1));
    await stage.until(() => handled.length === 1, "the first message");
    await first.close();
    const second = stage.service("billing");
    await publishUserCreated(second, user(2));
    onUserCreated(second, ({ entity_id }) => void handled.push(entity_id));
    await second.start();
    await stage.until(() => handled.length > 1, "the second message");
    expect(handled).toEqual([1, 2]);
  },

  "a pattern takes the types that it matches": async (stage) => {
    const billing = stage.service("billing");
    const types: string[] = [];
    billing.on("user.*", ({ event_type }) => void types.push(event_type));
    await billing.start();
    await publishUserCreated(billing, user(1));
    await publishUserUpdated(billing, { entity_id: 1, after_data: {}, changes: {} });
    await billing.publish(userCreated, user(2));
    await stage.until(() => types.length === 3, "three messages");
    expect(types).toEqual(["user.created", "user.updated", "user.created"]);
  },

  "a message that nobody handles, or that a filter excludes, is skipped": async (stage) => {
    const billing = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id), {
      company_id: 7,
      where: ({ entity_id }) => entity_id !== 3,
    });
    await billing.start();
    await publishUserUpdated(billing, { entity_id: 1, after_data: {}, changes: {} });
    await publishUserCreated(billing, user(2, { company_id: 8 }));
    await publishUserCreated(billing, user(3, { company_id: 7 }));
    await publishUserCreated(billing, user(4, { company_id: 7 }));
    await stage.until(() => billing.counts.skipped === 3 && handled.length === 1, "three skipped");
    expect(handled).toEqual([4]);
  },

  "messages that are published together are handled in their order where one runs at a time": async (stage) => {
    const billing = stage.service("billing", { concurrency: 1 });
    const handled: number[] = [];
    onUserCreated(billing, async ({ entity_id }) => void handled.push(entity_id));
    await billing.start();
    const ids = Array.from({ length: 60 }, (_, at) => at + 1);
    const published = await billing.publishAll(
      userCreated,
      ids.map((id) => user(id)),
    );
    await stage.until(() => handled.length === 60, "all of them");
    expect(handled).toEqual(ids);
    expect(new Set(published.map(({ entryId }) => entryId)).size).toBe(60);
  },

  "none of a list is published if one of them breaks its contract": async (stage) => {
    const billing = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
    await billing.start();
    const list = [user(1), { entity_id: 2 } as never];
    await expect(billing.publishAll(userCreated, list)).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
    await stage.pass(20);
    expect(handled).toEqual([]);
    expect(billing.counts.publishFailed).toBe(1);
  },

  "a message that is published once under an id is stored once": async (stage) => {
    const billing = stage.service("billing");
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
    await billing.start();
    const options = { id: "0c352b96-8628-4933-bfaf-959ce68e851e", once: true };
    const first = await publishUserCreated(billing, user(1), options);
    const second = await publishUserCreated(billing, user(1), options);
    await stage.until(() => handled.length > 0, "the message");
    await stage.pass(20);
    expect(handled).toEqual([1]);
    expect(second).toEqual(first);
  },

  "what a handler publishes inherits the correlation of its message, and names it as its cause": async (stage) => {
    const billing = stage.service("billing");
    const seen: unknown[] = [];
    let cause: string | undefined;
    onUserCreated(billing, async (_event, { messageId, correlationId }) => {
      cause = messageId;
      seen.push(correlationId);
      await publishUserUpdated(billing, { entity_id: 1, after_data: {}, changes: {} });
    });
    onUserUpdated(billing, ({ metadata }, { correlationId }) => {
      seen.push(correlationId, metadata?.["causation_id"]);
    });
    await billing.start();
    await publishUserCreated(billing, user(1), { correlationId: "985329c1-9789-4731-b311-205992b09849" });
    await stage.until(() => seen.length === 3, "the second message");
    const correlation = "985329c1-9789-4731-b311-205992b09849";
    expect(seen).toEqual([correlation, correlation, cause]);
  },

  "where a company is required, a message without one is refused, and one that is caused inherits it": async (
    stage,
  ) => {
    const billing = stage.service("billing", { tenancy: "required" });
    const companies: unknown[] = [];
    onUserCreated(billing, async () => {
      await publishUserUpdated(billing, { entity_id: 1, after_data: {}, changes: {} });
    });
    onUserUpdated(billing, ({ company_id }) => void companies.push(company_id));
    await billing.start();
    await expect(publishUserCreated(billing, user(1))).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
    await publishUserCreated(billing, user(1, { company_id: 7 }));
    await stage.until(() => companies.length > 0, "the message that is caused");
    expect(companies).toEqual([7]);
  },

  "a message that is too large is refused": async (stage) => {
    const billing = stage.service("billing", { maxMessageBytes: 1000 });
    const large = user(1, { metadata: { note: "x".repeat(2000) } });
    await expect(publishUserCreated(billing, large)).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
  },

  "interceptors see what is published and handled, and may change it": async (stage) => {
    const calls: string[] = [];
    const billing = stage.service("billing", {
      interceptors: [
        async (call, next) => {
          calls.push(`${call.operation} ${call.descriptor.type}`);
          if (call.operation === "publish" && call.is(userCreated)) call.message = user(2);
          return next();
        },
      ],
    });
    const handled: number[] = [];
    onUserCreated(billing, ({ entity_id }) => void handled.push(entity_id));
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => handled.length > 0, "the message");
    expect(handled).toEqual([2]);
    expect(calls).toEqual(["publish user.created", "handle user.created"]);
  },

  "interceptors see what is sent, told and published together, and an error of theirs fails the call": async (
    stage,
  ) => {
    const calls: string[] = [];
    const web = stage.service("web", {
      interceptors: [
        (call, next) => {
          calls.push(`${call.operation} ${call.descriptor.type}`);
          return call.operation === "publishAll" ? Promise.reject(new Error("no")) : next();
        },
      ],
    });
    const auth = stage.service("auth");
    handleValidateToken(auth, () => ({ valid: true }));
    await auth.start();
    const target = { targetService: "auth" };
    expect(await web.send(validateToken, { token: "x" }, target)).toEqual({ valid: true });
    await web.tell(validateToken, { token: "x" }, target);
    await expect(web.publishAll(userCreated, [user(1)])).rejects.toThrow("no");
    await stage.until(() => auth.counts.handled === 2, "two commands");
    expect(calls).toEqual(["send validate_token", "tell validate_token", "publishAll user.created"]);
  },

  "a messaging that is closed publishes nothing": async (stage) => {
    const billing = stage.service("billing");
    await publishUserCreated(billing, user(1));
    await billing.close();
    await expect(publishUserCreated(billing, user(2))).rejects.toMatchObject({ code: "CLOSED" });
  },
};
