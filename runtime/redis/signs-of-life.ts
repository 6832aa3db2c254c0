import type { SignsOfLife } from "../broker/signs-of-life.js";
import type { Client } from "./connection.js";
import type { SourcePlace } from "./entry-source.js";
import { HANDOVER, PARKED, type StreamKeys } from "./keys.js";
import { readBeats } from "./read-beats.js";
import { field, isReply } from "./reply.js";

/** The end of the name of each consumer of this package: a process id and eight random digits. */
const OUR_END = /-\d+-[0-9a-f]{8}$/;

/** Reads the heartbeats of a group's members, and when Redis was last asked for something by each consumer. */
export async function lookForSigns(
  client: Client,
  { stream, alive }: Pick<StreamKeys, "stream" | "alive">,
  { group, consumer }: Pick<SourcePlace, "group" | "consumer">,
): Promise<Omit<SignsOfLife, "confirmedMs" | "session">> {
  const asking = (client.xinfo("CONSUMERS", stream, group) as Promise<unknown[][]>).catch((error: unknown) => {
    // Without the group there are no consumers.
    if (isReply(error, "NOGROUP") || isReply(error, "ERR no such key")) return [];
    throw error;
  });
  const names = async (): Promise<string[]> => (await asking).map((info) => String(field(info, "name")));
  const [beats, consumers] = await Promise.all([readBeats(client, alive, names), asking]);
  const idleMs = new Map<string, number>();
  const holders: string[] = [];
  // No process has these names, whatever others have written.
  for (const name of [PARKED, HANDOVER]) beats.delete(name);
  const isOfOurs = (name: string): boolean =>
    OUR_END.test(name) && name.replace(OUR_END, "") === consumer.replace(OUR_END, "");
  for (const info of consumers) {
    const name = String(field(info, "name"));
    if (name === consumer || name === PARKED || name === HANDOVER) continue;
    idleMs.set(name, Number(field(info, "idle")));
    if (Number(field(info, "pending")) > 0) holders.push(name);
    // Its heartbeat is lost, by hand or by eviction, or it has died before the first one.
    if (!beats.has(name) && isOfOurs(name)) beats.set(name, "");
  }
  return { beats, idleMs, holders };
}
