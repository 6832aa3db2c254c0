import type { Redis } from "ioredis";
import { isReply } from "./reply.js";

type Done = (error: Error | null, info?: string) => void;

/**
 * Lets a user of Redis who has no right to `INFO` connect without a line of the driver's on the console. Before it is ready, the
 * driver asks whether Redis still loads its data; whoever may not ask learns it from the first command that is refused.
 */
export function checkQuietly(client: Redis): void {
  const info = client.info.bind(client) as unknown as (...given: unknown[]) => Promise<string>;
  const quiet = (...given: unknown[]): Promise<string> => {
    const done = given.at(-1);
    if (typeof done !== "function") return info(...given);
    const take: Done = (error, text) =>
      isReply(error, "NOPERM") ? (done as Done)(null, "") : (done as Done)(error, text);
    return info(...given.slice(0, -1), take);
  };
  client.info = quiet as unknown as typeof client.info;
}
