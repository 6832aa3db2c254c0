import {
  type Listening,
  type Notification,
  type NotificationTarget,
  sendValidateToken,
  subscribeNotifications,
} from "../../../generated/index.js";
import { onParentMessage, tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** What the test has this process do. */
export interface Order {
  readonly listen?: { readonly screen: string; readonly target: NotificationTarget };
  readonly close?: string;
  readonly ask?: string;
}

/** What this process tells. */
export interface News {
  readonly listening?: string;
  readonly closed?: string;
  readonly heard?: { readonly screen: string; readonly title: string };
  readonly answered?: string;
  readonly trouble?: string;
  /** The purpose of a connection that was lost, or that is there again. */
  readonly lost?: string;
  readonly back?: string;
}

/** A service with screens that also asks, in a process of its own, which a rejection that nobody handles would end. */
const messaging = createService(
  { url: process.env["CHILD_REDIS"] ?? "" },
  {
    service: "screens",
    replyChannel: "screens-responses",
    redis: { connectionTimeoutSeconds: 1, socketTimeoutSeconds: 1 },
    hooks: {
      trouble: ({ what, error }) => tell({ trouble: `${what}: ${String(error)}` }),
      disconnected: ({ role }) => tell({ lost: role }),
      connected: ({ role, again }) => again && tell({ back: role }),
    },
  },
);
const screens = new Map<string, Listening>();

onParentMessage<Order>(async ({ listen, close, ask }) => {
  if (listen !== undefined) {
    const { screen, target } = listen;
    const hear = ({ title }: Notification): void => tell({ heard: { screen, title } });
    screens.set(screen, await subscribeNotifications(messaging, target, hear));
    tell({ listening: screen });
  }
  if (close !== undefined) {
    await screens.get(close)?.close();
    tell({ closed: close });
  }
  if (ask !== undefined) {
    const { valid } = await sendValidateToken(messaging, { token: ask });
    if (valid) tell({ answered: ask });
  }
});
