import { unknownOptions } from "../config/suggest.js";
import { ConfigError } from "../errors.js";
import type { OutgoingCall } from "../messaging/interceptor.js";
import type { StartOptions } from "../messaging/messaging.js";
import type { ListenOptions } from "../messaging/notification.js";
import type { PublishAllOptions, PublishOptions } from "../messaging/publisher.js";
import type { SendOptions, TellOptions } from "../messaging/sender.js";

/** The names of an option type: a type has none at run time. */
type Names<Options> = { readonly [Name in keyof Options]-?: true };

const publishAll: Names<PublishAllOptions> = { correlationId: true, withoutCompany: true };
const publish: Names<PublishOptions> = { ...publishAll, id: true, once: true, key: true };
const tell: Names<TellOptions> = { ...publish, targetService: true };
const send: Names<SendOptions> = { ...publishAll, id: true, targetService: true, timeoutSeconds: true, signal: true };
const listen: Names<ListenOptions> = { since: true, catchUp: true };
const start: Names<StartOptions> = { requireRedis: true };

type Operation = OutgoingCall["operation"] | "listen" | "start";

const KNOWN: Readonly<Record<Operation, object>> = { publishAll, publish, tell, send, listen, start };

/** The error of a call whose options do not exist, which callers without types may give. A misspelt `once` is no `once`. */
export function misuse(operation: Operation, options: object): ConfigError | undefined {
  const known = KNOWN[operation];
  for (const name in options) {
    if (!Object.hasOwn(known, name)) return new ConfigError(unknownOptions(options, Object.keys(known)));
  }
  return undefined;
}
