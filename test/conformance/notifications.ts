import { expect } from "vitest";
import {
  type InfoNotification,
  type InfoNotificationInput,
  notifyInfo,
  onInfoNotification,
  onUserCreated,
  publishUserCreated,
} from "../../generated/index.js";
import { user } from "./cast.js";
import type { Sentences } from "./stage.js";

function info(title: string, more: Partial<InfoNotificationInput> = {}): InfoNotificationInput {
  return { title, message: "A partner was added.", ...more };
}

export const notifications: Sentences = {
  "a listener is given what is for its user, and nothing else": async (stage) => {
    const web = stage.service("web");
    const heard: string[] = [];
    await web.listen<InfoNotification>({ userId: 7 }, ({ title }) => void heard.push(title));
    await notifyInfo(web, info("for another", { target_user_id: 8 }));
    await notifyInfo(web, info("for all"));
    await notifyInfo(web, info("for this one", { target_user_id: 7 }));
    await stage.until(() => heard.length > 0, "the notification");
    expect(heard).toEqual(["for this one"]);
  },

  "every process that listens is given a notification": async (stage) => {
    const [one, other] = [stage.service("web"), stage.service("web")];
    const heard: string[] = [];
    await one.listen({ companyId: 7 }, () => void heard.push("one"));
    await other.listen({ companyId: 7 }, () => void heard.push("other"));
    await notifyInfo(one, info("news", { target_company_id: 7 }));
    await stage.until(() => heard.length === 2, "both");
    expect(heard.sort()).toEqual(["one", "other"]);
  },

  "a listener of a pattern is given what its channels match": async (stage) => {
    const web = stage.service("web");
    const heard: unknown[] = [];
    await web.listen<InfoNotification>({ pattern: "user:*" }, ({ title }, { channel }) => {
      heard.push([title, channel.split("notifications:")[1]]);
    });
    await notifyInfo(web, info("for a company", { target_company_id: 7 }));
    await notifyInfo(web, info("for a user", { target_user_id: 7 }));
    await stage.until(() => heard.length > 0, "the notification");
    expect(heard).toEqual([["for a user", "user:7"]]);
  },

  "a listener that was away is given what it missed, in order and before what is new": async (stage) => {
    const web = stage.service("web");
    const { entryId: since } = await notifyInfo(web, info("seen", { target_user_id: 7 }));
    await notifyInfo(web, info("for another", { target_user_id: 8 }));
    await notifyInfo(web, info("missed", { target_user_id: 7 }));
    const heard: unknown[] = [];
    await web.listen<InfoNotification>({ userId: 7 }, ({ title }, { missed }) => void heard.push([title, missed]), {
      since,
    });
    await notifyInfo(web, info("new", { target_user_id: 7 }));
    await stage.until(() => heard.length === 2, "both");
    expect(heard).toEqual([
      ["missed", true],
      ["new", false],
    ]);
  },

  "a listener that was closed is given nothing more": async (stage) => {
    const web = stage.service("web");
    const heard: string[] = [];
    const listening = await web.listen<InfoNotification>({ userId: 7 }, ({ title }) => void heard.push(title));
    await notifyInfo(web, info("before", { target_user_id: 7 }));
    await stage.until(() => heard.length === 1, "the first");
    await listening.close();
    await notifyInfo(web, info("after", { target_user_id: 7 }));
    await stage.pass(20);
    expect(heard).toEqual(["before"]);
  },

  "a notification that has expired is not given to a listener": async (stage) => {
    const web = stage.service("web");
    const heard: string[] = [];
    await web.listen<InfoNotification>({ userId: 7 }, ({ title }) => void heard.push(title));
    await notifyInfo(web, info("old", { target_user_id: 7, expires_at: "2020-01-01T00:00:00.000Z" }));
    await stage.until(() => web.counts.notificationExpired === 1, "the expiry");
    expect(heard).toEqual([]);
  },

  "a handler of notifications misses none, whoever listens": async (stage) => {
    const mail = stage.service("mail");
    const handled: unknown[] = [];
    await notifyInfo(mail, info("before", { target_user_id: 7 }));
    onInfoNotification(mail, ({ title }, { attempt }) => {
      handled.push([title, attempt]);
      if (attempt === 1) throw new Error("once");
    });
    await mail.start();
    await stage.until(() => handled.length === 2, "the retry");
    expect(handled).toEqual([
      ["before", 1],
      ["before", 2],
    ]);
  },

  "a listener that throws does not keep others from theirs": async (stage) => {
    const web = stage.service("web");
    const heard: string[] = [];
    await web.listen({ userId: 7 }, () => {
      throw new Error("broken");
    });
    await web.listen<InfoNotification>({ userId: 7 }, ({ title }) => void heard.push(title));
    await notifyInfo(web, info("news", { target_user_id: 7 }));
    await stage.until(() => heard.length === 1 && web.counts.trouble === 1, "the other");
  },

  "a listener of a channel is given what is for that, and told where it stands": async (stage) => {
    const web = stage.service("web");
    const heard: unknown[] = [];
    await web.listen<InfoNotification>({ channel: "news" }, ({ title }, { entryId, missed, channel }) => {
      heard.push([title, entryId, missed, channel.endsWith("notifications:news")]);
    });
    await notifyInfo(web, info("for another", { channel: "weather" }));
    const { entryId } = await notifyInfo(web, info("for this one", { channel: "news" }));
    await stage.until(() => heard.length > 0, "the notification");
    expect(heard).toEqual([["for this one", entryId, false, true]]);
  },

  "what a listener publishes inherits the correlation of its notification": async (stage) => {
    const web = stage.service("web");
    const seen: unknown[] = [];
    onUserCreated(web, (_event, { correlationId }) => void seen.push(correlationId));
    await web.start();
    await web.listen({ userId: 7 }, async () => void (await publishUserCreated(web, user(1))));
    const correlationId = "985329c1-9789-4731-b311-205992b09849";
    await notifyInfo(web, info("news", { target_user_id: 7 }), { correlationId });
    await stage.until(() => seen.length > 0, "the message");
    expect(seen).toEqual([correlationId]);
  },
};
