import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import { ConfigError } from "../errors.js";

/** Whose notifications: one user's, one company's, a channel's, or all channels that match a pattern. */
export type NotificationTarget =
  | { readonly userId: number | string }
  | { readonly companyId: number | string }
  | { readonly channel: string }
  /** A Redis pattern over what follows `notifications:`, such as `*` or `company:*`. */
  | { readonly pattern: string };

type Message = Readonly<Record<string, unknown>>;

const NAME = /^[^\s:*?[\]]+$/;

/** The one channel on which a notification is sent: the most specific of user, company and channel. */
export function channelOf(config: Pick<Config, "environment">, message: Message): string {
  const { target_user_id: user, target_company_id: company, channel } = message;
  const place =
    user !== undefined ? `user:${user}` : company !== undefined ? `company:${company}` : (channel ?? "general");
  return prefixed(config, `notifications:${place}`);
}

/**
 * The channel, or pattern, of a subscription.
 *
 * @throws {ConfigError} for a name that could mean another channel
 */
export function subscriptionOf(config: Pick<Config, "environment">, target: NotificationTarget): Subscription {
  if ("pattern" in target) {
    if (target.pattern === "" || /\s/.test(target.pattern)) throw malformed("pattern", target.pattern);
    return { name: prefixed(config, `notifications:${target.pattern}`), isPattern: true };
  }
  const [kind, name] =
    "userId" in target
      ? ["user:", String(target.userId)]
      : "companyId" in target
        ? ["company:", String(target.companyId)]
        : ["", target.channel];
  if (!NAME.test(name)) throw malformed(kind === "" ? "channel" : `${kind.slice(0, -1)} id`, name);
  return { name: prefixed(config, `notifications:${kind}${name}`), isPattern: false };
}

/** What is asked of Redis. */
export interface Subscription {
  readonly name: string;
  readonly isPattern: boolean;
}

/** Whether a channel belongs to a subscription: as Redis decides it, for what is read from the stream instead. */
export function covers(subscription: Subscription, channel: string): boolean {
  return subscription.isPattern ? globOf(subscription.name).test(channel) : subscription.name === channel;
}

function globOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\?[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part === "[" || part === "]" || part === "^" || part === "-") return part;
    return part.length === 2 ? escaped(part.slice(1)) : escaped(part);
  });
  return new RegExp(`^${source}$`, "s");
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function malformed(what: string, name: string): ConfigError {
  return new ConfigError([
    `${JSON.stringify(name)} is no ${what} to subscribe to: it must be one word without ":" or wildcards (patterns have { pattern })`,
  ]);
}
