import { type MessagingOptions, onUserCreated } from "../../../../generated/index.js";
import { tell } from "../../../support/parent.js";
import { createService } from "../../../support/service.js";

/** What the handler of the process does: it never ends, or it ends the process. */
export type Conduct = "hang" | "die";

interface Options {
  readonly url: string;
  readonly service: string;
  readonly environment: string;
  readonly conduct: Conduct;
  readonly settings: MessagingOptions;
}

const { url, service, environment, conduct, settings } = JSON.parse(process.argv[2] ?? "{}") as Options;
const told = { announce: true, healthIntervalSeconds: 0.1 };
const messaging = createService({ url }, { ...settings, ...told, service, environment, maxRetries: 0 });
onUserCreated(messaging, ({ id }) => {
  tell({ begun: id });
  if (conduct === "die") process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
});
await messaging.start();
tell({ started: true });
