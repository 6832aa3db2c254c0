import { type Notification, subscribeNotifications } from "../../../generated/index.js";
import { tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** A screen in a process of its own. */
const messaging = createService({ url: process.env["CHILD_REDIS"] ?? "" });
await subscribeNotifications(messaging, { userId: 123 }, ({ title }: Notification) => tell({ title }));
tell({ listening: true });
