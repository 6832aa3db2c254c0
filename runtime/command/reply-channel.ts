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

  /** Those that bear the name of the service that asks, with or without the environment's prefix, and those of the setting. */
  allow(source: unknown, channel: string): boolean {
    // With a colon it could be the beginning of another kind of channel.
    if (typeof source === "string" && source !== "" && !source.includes(":")) {
      const { length } = this.#environment;
      if (isOf(source, channel)) return true;
      if (length > 0 && channel.startsWith(this.#environment) && isOf(source, channel.slice(length))) return true;
    }
    return this.#allowed.some((name) =>
      name.endsWith("*") ? channel.startsWith(name.slice(0, -1)) : channel === name,
    );
  }
}

/** `billing-responses`, or with anything after a colon. */
function isOf(source: string, channel: string): boolean {
  const own = `${source}-responses`;
  return channel.startsWith(own) && (channel.length === own.length || channel[own.length] === ":");
}
