import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import type { PlainMessage } from "../contract/codec.js";

/** The one channel on which a notification is announced: the most specific of user, company and channel. */
export function channelOf(config: Pick<Config, "environment">, message: PlainMessage): string {
  const { target_user_id: user, target_company_id: company, channel } = message;
  const place =
    user !== undefined ? `user:${user}` : company !== undefined ? `company:${company}` : (channel ?? "general");
  return prefixed(config, `notifications:${place}`);
}
