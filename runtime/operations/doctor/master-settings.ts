import type { Client } from "../../redis/connection.js";
import { isReply } from "../../redis/reply.js";

/** What decides how much the loss of a master undoes. What cannot be asked is left out. */
export interface MasterSettings {
  readonly address: string;
  /** That follow it now. */
  readonly replicas: number;
  /** By how many bytes the last of them is behind. */
  readonly lagBytes: number | undefined;
  /** How many must follow it, else it takes no writes. */
  readonly minReplicas: number | undefined;
  readonly appendOnly: boolean | undefined;
  /** Of a cluster: whether it takes no commands at all when one slot is nobody's. */
  readonly fullCoverage: boolean | undefined;
  /** Of a cluster: after how long the others give a master up. */
  readonly nodeTimeoutMs: number | undefined;
  /** Whether this user lacks the right to ask for settings. */
  readonly mayNotAsk: boolean;
}

const NAMES = ["min-replicas-to-write", "appendonly", "cluster-require-full-coverage", "cluster-node-timeout"] as const;

/** Asks a master for its replicas and its settings. */
export async function readMaster(client: Client, address: string): Promise<MasterSettings> {
  const info = await client.info();
  const number = (name: string): number => Number(new RegExp(`^${name}:(\\d{1,15})`, "m").exec(info)?.[1] ?? 0);
  const offsets = [...info.matchAll(/^slave\d+:.*\boffset=(\d{1,15})/gm)].map(([, offset]) => Number(offset));
  const refused: unknown[] = [];
  const settings = await settingsOf(client).catch((error: unknown) => {
    if (!isReply(error, "NOPERM") && !/unknown (sub)?command/i.test(String(error))) throw error;
    refused.push(error);
    return new Map<string, string>();
  });
  const isCluster = number("cluster_enabled") === 1;
  const [minReplicas, appendOnly, coverage, timeout] = NAMES.map((name) => settings.get(name));
  return {
    address,
    replicas: number("connected_slaves"),
    lagBytes: offsets.length === 0 ? undefined : Math.max(0, number("master_repl_offset") - Math.min(...offsets)),
    minReplicas: minReplicas === undefined ? undefined : Number(minReplicas),
    appendOnly: appendOnly === undefined ? undefined : appendOnly === "yes",
    fullCoverage: isCluster && coverage !== undefined ? coverage === "yes" : undefined,
    nodeTimeoutMs: isCluster && timeout !== undefined ? Number(timeout) : undefined,
    mayNotAsk: refused.length > 0,
  };
}

async function settingsOf(client: Client): Promise<Map<string, string>> {
  const list = (await client.call("CONFIG", "GET", ...NAMES)) as string[];
  const pairs = Array.from(
    { length: list.length / 2 },
    (_, at) => [list[2 * at], list[2 * at + 1]] as [string, string],
  );
  return new Map(pairs);
}
