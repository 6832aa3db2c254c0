import { AsyncLocalStorage } from "node:async_hooks";
import { expect } from "vitest";
import {
  handleValidateToken,
  notifyInfo,
  onHealthReport,
  onServiceStarted,
  onServiceStopped,
  onUserCreated,
  publishUserCreated,
  registerHandlers,
  sendValidateToken,
  withCorrelation,
} from "../../generated/index.js";
import { toV2, userCreatedV2 } from "../support/user-versions.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

const target = { targetService: "auth" };

/** What a service sees beside its messages: its place, its settings, its beginning and its end. */
export const services: Sentences = {
  "a handler is told where its message stands": async (stage) => {
    const billing = stage.service("billing");
    const told: unknown[] = [];
    onUserCreated(billing, (_event, context) => {
      const { messageId, entryId, stream, group, type, kind, attempt, redelivered, consumer } = context;
      told.push({ messageId, entryId, stream, group, type, kind, attempt, redelivered });
      told.push([consumer.startsWith("billing"), context.signal.aborted]);
      told.push(context.publishedAt.getTime() === Number(entryId.split("-")[0]));
    });
    await billing.start();
    const { id, entryId, stream } = await publishUserCreated(billing, user(1));
    await stage.until(() => told.length > 0, "the message");
    const where = { messageId: id, entryId, stream, group: "billing-workers", type: "user.created", kind: "event" };
    expect(told).toEqual([{ ...where, attempt: 1, redelivered: false }, [true, false], true]);
  },

  "a service reads either encoding, whichever it writes": async (stage) => {
    const writers = (["json", "fields"] as const).map((encoding) => stage.service("web", { encoding }));
    const readers = (["json", "fields"] as const).map((encoding) => stage.service(`reads-${encoding}`, { encoding }));
    const read: unknown[] = [];
    for (const reader of readers) {
      onUserCreated(reader, ({ entity_id, after_data, metadata }) => {
        read.push([reader.service, entity_id, after_data.email, metadata]);
      });
      await reader.start();
    }
    for (const [at, writer] of writers.entries())
      await publishUserCreated(writer, user(at + 1, { metadata: { a: [1] } }));
    await stage.until(() => read.length === 4, "four messages");
    const messages = [1, 2].map((id) => [id, `user-${id}@example.com`, { a: [1] }]);
    const all = readers.flatMap(({ service }) => messages.map((message) => [service, ...message]));
    expect(read.map(String).sort()).toEqual(all.map(String).sort());
    expect(read).toEqual(expect.arrayContaining(all));
  },

  "services of different environments do not see each other": async (stage) => {
    const [here, there] = [stage.service("billing"), stage.service("billing", { environment: "elsewhere" })];
    const handled: string[] = [];
    onUserCreated(here, ({ entity_id }) => void handled.push(`here ${entity_id}`));
    onUserCreated(there, ({ entity_id }) => void handled.push(`there ${entity_id}`));
    await Promise.all([here.start(), there.start()]);
    await publishUserCreated(here, user(1));
    await publishUserCreated(there, user(2));
    await stage.until(() => handled.length === 2, "both");
    await stage.pass(20);
    expect(handled.sort()).toEqual(["here 1", "there 2"]);
  },

  "a service has as many groups as it has names for them": async (stage) => {
    const suffixes = ["mails", "reports"];
    const handled: string[] = [];
    for (const groupSuffix of suffixes) {
      const billing = stage.service("billing", { groupSuffix });
      onUserCreated(billing, (_event, { group }) => void handled.push(group));
      await billing.start();
    }
    await publishUserCreated(stage.service("web"), user(1));
    await stage.until(() => handled.length === 2, "both");
    expect(handled.sort()).toEqual(["billing-mails", "billing-reports"]);
  },

  "no more handlers run at once than may": async (stage) => {
    const billing = stage.service("billing", { concurrency: 2 });
    let [running, most, ended] = [0, 0, 0];
    onUserCreated(billing, async () => {
      most = Math.max(most, ++running);
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      running--;
      ended++;
    });
    await billing.start();
    for (let id = 1; id <= 6; id++) await publishUserCreated(billing, user(id));
    await stage.until(() => ended === 6, "six messages");
    expect(most).toBe(2);
  },

  "the methods of an object are handlers, of commands as well": async (stage) => {
    const [auth, web] = [stage.service("auth"), stage.service("web")];
    class Handlers {
      readonly handled: unknown[] = [];
      onUserCreated({ entity_id }: { readonly entity_id: unknown }): void {
        this.handled.push(entity_id);
      }
      handleValidateToken(): { valid: boolean } {
        return { valid: this.handled.length > 0 };
      }
    }
    const handlers = new Handlers();
    registerHandlers(auth, handlers);
    await auth.start();
    await publishUserCreated(web, user(1));
    await stage.until(() => handlers.handled.length === 1, "the event");
    expect(await sendValidateToken(web, { token: "x" }, target)).toEqual({ valid: true });
  },

  "a handler is refused after the start, and a second one of a command": async (stage) => {
    const billing = stage.service("billing");
    handleValidateToken(billing, () => ({ valid: true }));
    expect(() => handleValidateToken(billing, () => ({ valid: true }))).toThrow("has a handler already");
    await billing.start();
    expect(() => onUserCreated(billing, () => {})).toThrow("register every handler before it");
  },

  "a message of an older type reaches the handler of the newest": async (stage) => {
    const [billing, web] = [stage.service("billing", { upcasters: [toV2] }), stage.service("web")];
    const handled: unknown[] = [];
    billing.on(userCreatedV2, ({ after_data }, { type, originalType }) => {
      handled.push([after_data.name, type, originalType]);
    });
    await billing.start();
    await publishUserCreated(web, user(1, { after_data: { email: "ada@example.com", first_name: "Ada" } }));
    await stage.until(() => handled.length === 1, "the message");
    expect(handled).toEqual([["Ada", userCreatedV2.type, "user.created"]]);
  },

  "a service tells by itself that it has started, how it is, and that it has stopped": async (stage) => {
    const audit = stage.service("audit");
    const told: unknown[] = [];
    onServiceStarted(audit, ({ entity_id }) => void told.push(`${entity_id} started`));
    onServiceStopped(audit, ({ entity_id }) => void told.push(`${entity_id} stopped`));
    onHealthReport(audit, ({ service_name, status }) => void told.push(`${service_name} is ${status}`));
    await audit.start();
    const billing = stage.service("billing", { announce: true, healthIntervalSeconds: 1 });
    onUserCreated(billing, () => {});
    await billing.start();
    await stage.until(() => told.filter((line) => line === "billing is healthy").length >= 2, "two reports");
    await billing.close();
    await stage.until(() => told.includes("billing stopped"), "its end");
    expect(told.slice(0, 2).sort()).toEqual(["billing is healthy", "billing started"]);
  },

  "a service that has stopped handles nothing more, and still publishes": async (stage) => {
    const [billing, audit] = [stage.service("billing"), stage.service("audit")];
    const handled: string[] = [];
    for (const each of [billing, audit]) onUserCreated(each, () => void handled.push(each.service));
    await Promise.all([billing.start(), audit.start()]);
    await billing.stop();
    await publishUserCreated(billing, user(1));
    await stage.until(() => handled.length > 0, "the message");
    await stage.pass(20);
    expect(handled).toEqual(["audit"]);
  },

  "a handler is told to give up when its service stops": async (stage) => {
    const billing = stage.service("billing", { drainTimeoutSeconds: 0 });
    const told: unknown[] = [];
    onUserCreated(billing, (_event, { signal }) => {
      told.push("began");
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          told.push("was told");
          reject(signal.reason);
        });
      });
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await stage.until(() => told.length === 1, "the handler");
    await billing.close();
    expect(told).toEqual(["began", "was told"]);
  },

  "a publish that fails may be told instead of thrown": async (stage) => {
    const failed: unknown[] = [];
    const hooks = {
      publishFailed: ({ type, reported }: { type: string; reported: boolean }) => failed.push([type, reported]),
    };
    const billing = stage.service("billing", { onPublishFailure: "report", hooks });
    expect(await publishUserCreated(billing, { ...user(1), entity_id: -1 })).toBeUndefined();
    expect(failed).toEqual([["user.created", true]]);
    expect(billing.counts.publishFailed).toBe(1);
  },

  "a handler and a listener run in no context of whoever started their service": async (stage) => {
    const context = new AsyncLocalStorage<string>();
    const billing = stage.service("billing");
    const seen: unknown[] = [];
    onUserCreated(billing, () => void seen.push(context.getStore()));
    await context.run("a request", async () => {
      await billing.listen({ userId: 7 }, () => void seen.push(context.getStore()));
      await billing.start();
      await publishUserCreated(billing, user(1));
      await notifyInfo(billing, { title: "news", message: "news", target_user_id: 7 });
    });
    await stage.until(() => seen.length === 2, "both");
    expect(seen).toEqual([undefined, undefined]);
  },

  "a message inherits the correlation of the work in which it is published": async (stage) => {
    const billing = stage.service("billing");
    const seen: unknown[] = [];
    onUserCreated(
      billing,
      ({ metadata }, { correlationId }) => void seen.push(correlationId, metadata?.["traceparent"]),
    );
    await billing.start();
    const correlationId = "985329c1-9789-4731-b311-205992b09849";
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await withCorrelation({ correlationId, traceparent }, () => publishUserCreated(billing, user(1)));
    await stage.until(() => seen.length > 0, "the message");
    expect(seen).toEqual([correlationId, traceparent]);
  },
};
