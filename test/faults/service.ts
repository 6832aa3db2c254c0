import { tell } from "../support/parent.js";
import { createMember, type Role } from "./member.js";

/** What the process of a service tells the test. */
export type ServiceNews =
  | { readonly ready: true }
  | { readonly recovered: number; readonly from: string }
  | { readonly overtaken: number }
  | { readonly dead: string; readonly attempt: number }
  | { readonly closed: true };

const news = (said: ServiceNews): void => tell(said);
const role = JSON.parse(process.argv[2] ?? "") as Role;
const messaging = createMember(role, {
  hooks: {
    recovered: ({ count, from }) => news({ recovered: count, from }),
    overtaken: ({ count }) => news({ overtaken: count }),
    deadLettered: ({ entryId, attempt }) => news({ dead: entryId, attempt }),
  },
});
// As a container is stopped. Nothing ends the process afterwards: it must find out itself that it has nothing to do.
process.once("SIGTERM", () => void messaging.close().then(() => news({ closed: true })));
await messaging.start();
news({ ready: true });
