import { unknownOptions } from "../config/suggest.js";
import { ConfigError } from "../errors.js";
import type { OutgoingCall } from "../messaging/interceptor.js";
import type { StartOptions } from "../messaging/messaging.js";
import type { ListenOptions } from "../messaging/notification.js";
import type { Durability, PublishAllOptions, PublishOptions } from "../messaging/publisher.js";
import type { SendOptions, TellOptions } from "../messaging/sender.js";

/** The names of an option type: a type has none at run time. */
type Names<Options> = { readonly [Name in keyof Options]-?: true };

const common: Names<Omit<PublishAllOptions, "durability">> = { correlationId: true, withoutCompany: true };
const publishAll: Names<PublishAllOptions> = { ...common, durability: true };
const publish: Names<PublishOptions> = { ...publishAll, id: true, once: true, key: true };
const tell: Names<TellOptions> = { ...publish, targetService: true };
const send: Names<SendOptions> = { ...common, id: true, targetService: true, timeoutSeconds: true, signal: true };
const listen: Names<ListenOptions> = { since: true, catchUp: true };
const start: Names<StartOptions> = { requireRedis: true };

const DURABILITIES: readonly Durability[] = ["stored", "replicated"];

type Operation = OutgoingCall["operation"] | "listen" | "start";

const KNOWN: Readonly<Record<Operation, object>> = { publishAll, publish, tell, send, listen, start };

/** The error of a call whose options do not exist, which callers without types may give. A misspelt `once` is no `once`. */
export function misuse(operation: Operation, options: object): ConfigError | undefined {
  const known = KNOWN[operation];
  for (const name in options) {
    if (!Object.hasOwn(known, name)) return new ConfigError(unknownOptions(options, Object.keys(known)));
  }
  const { durability } = options as PublishAllOptions;
  if (durability === undefined || DURABILITIES.includes(durability)) return undefined;
  const demand = DURABILITIES.map((each) => JSON.stringify(each)).join(" or ");
  return new ConfigError([`durability must be ${demand}, not ${JSON.stringify(durability)}`]);
}
