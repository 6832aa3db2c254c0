import type { Redis } from "ioredis";
import type { Append } from "../broker/append.js";
import type { Layout } from "../contract/codec.js";
import { discreet } from "./discreet.js";
import { onceKey, retentionKey } from "./keys.js";
import { append, appendAlone } from "./lua/append.js";

/** Adds one entry. */
export function add(client: Redis, { stream, entry }: Append): Promise<string> {
  return client.xadd(stream, "*", ...entry) as Promise<string>;
}

/** By one script, in their order. Resolves to an id or an error for each. */
export async function sendTogether(client: Redis, group: readonly Append[]): Promise<readonly unknown[]> {
  const args: (string | number)[] = [];
  for (let from = 0, to = 0; from < group.length; from = to) {
    const { layout } = group[from] as Append;
    while (to < group.length && group[to]?.layout === layout) to++;
    pushRun(args, layout, to - from === group.length ? group : group.slice(from, to));
  }
  const ids = await append.run(client, [(group[0] as Append).stream], args);
  return typeof ids === "string" ? ids.split(" ") : ids;
}

/** Entries of one layout: what they share is sent once. */
function pushRun(args: (string | number)[], layout: Layout, run: readonly Append[]): void {
  const { entry: first } = run[0] as Append;
  let sharing = "";
  const shared: string[] = [];
  const own: number[] = [];
  for (let at = 1; at < first.length; at += 2) {
    const value = first[at] as string;
    const isShared = run.every(({ entry }) => entry[at] === value);
    sharing += isShared ? "s" : "o";
    if (isShared) shared.push(value);
    else own.push(at);
  }
  args.push(sharing, run.length, ...layout, ...shared);
  for (const { entry } of run) for (const at of own) args.push(entry[at] as string);
}

/** One command each, for a user who may not run scripts. Resolves to an id or an error for each. */
export async function sendPiped(client: Redis, group: readonly Append[]): Promise<readonly unknown[]> {
  const pipeline = client.pipeline();
  for (const { stream, entry } of group) pipeline.xadd(stream, "*", ...entry);
  return ((await pipeline.exec()) ?? []).map(([error, entryId]) => discreet(error) ?? entryId);
}

/** One that is announced, or stored once, in one step. */
export function sendAlone(
  client: Redis,
  { stream, entry, announced, messageId = "", onceWindowMs }: Append,
): Promise<string> {
  const { channel = "", json = "" } = announced ?? {};
  const keys = onceWindowMs === undefined ? [stream] : [stream, onceKey(stream, messageId), retentionKey(stream)];
  return appendAlone.run(client, keys, [onceWindowMs ?? "", channel, json, ...entry]);
}
