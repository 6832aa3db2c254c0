import { type Config, prefixed } from "../config/config.js";

/**
 * The channels on which a command may have its answer sent. Whoever may write a command would otherwise have this service
 * publish on any channel, also where people's notifications are.
 */
export class ReplyChannels {
  readonly #environment: string;
  readonly #allowed: readonly string[];

  constructor(config: Pick<Config, "environment" | "replyChannels">) {
    this.#environment = prefixed(config, "");
    this.#allowed = config.replyChannels;
  }

  /**
   * Those that bear the name of the service that asks, with or without the environment's prefix, and those of the setting. Where
   * a contract has no `source_service`, the name may be any.
   */
  allow(source: unknown, channel: string): boolean {
    const prefix = this.#environment;
    if (isOf(source, channel)) return true;
    if (prefix !== "" && channel.startsWith(prefix) && isOf(source, channel.slice(prefix.length))) return true;
    return this.#allowed.some((name) =>
      name.endsWith("*") ? channel.startsWith(name.slice(0, -1)) : channel === name,
    );
  }
}

/** `billing-responses`, or with anything after a colon. A name that has a colon could begin another kind of channel. */
function isOf(source: unknown, channel: string): boolean {
  const end = channel.indexOf(":");
  const own = end < 0 ? channel : channel.slice(0, end);
  if (source === undefined) return own.length > SUFFIX.length && own.endsWith(SUFFIX);
  return typeof source === "string" && source !== "" && own === source + SUFFIX;
}

const SUFFIX = "-responses";
