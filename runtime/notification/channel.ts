import { globOf } from "../broker/glob.js";
import type { Channel } from "../broker/subscriptions.js";
import { type Config, prefixed } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { NotificationTarget } from "../messaging/notification.js";

const NAME = /^[^\s:*?[\]]+$/;

/** The channel or pattern of a target. @throws {ConfigError} for a name that could mean another channel */
export function subscriptionOf(config: Pick<Config, "environment">, target: NotificationTarget): Channel {
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

/** Tells of a channel whether it belongs to a subscription, as Redis decides it. */
export function coverOf({ name, isPattern }: Channel): (channel: string) => boolean {
  return isPattern ? globOf(name) : (channel) => channel === name;
}

function malformed(what: string, name: string): ConfigError {
  return new ConfigError([
    `${JSON.stringify(name)} is no ${what} to subscribe to: it must be one word without ":" or wildcards (for patterns, pass { pattern })`,
  ]);
}
