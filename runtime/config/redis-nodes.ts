import type { SettingReader } from "./setting-reader.js";

/** Where a node of a cluster, or a sentinel, is reached. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the addresses that a cluster or a sentinel names are reached, by `host:port` without brackets. */
export type NatMap = Readonly<Record<string, NodeAddress>>;

const FORM = "host:port, with brackets around an IPv6 address";

/**
 * Reads the addresses of some nodes: in code a list, in a variable with commas between them.
 * @param isAsked - whether code wants them, so that there must be some
 */
export function readNodes(
  reader: SettingReader,
  variable: string,
  given: readonly (string | NodeAddress)[] | undefined,
  isAsked: boolean,
): readonly NodeAddress[] | undefined {
  const list = given ?? partsOf(reader.text(variable)) ?? (isAsked ? [] : undefined);
  if (list === undefined) return undefined;
  if (!Array.isArray(list) || list.length === 0) {
    reader.problems.push(`${variable} must name at least one node: ${FORM}`);
    return [];
  }
  const nodes = list.map((node) => nodeOf(typeof node === "object" ? addressOf(node ?? {}) : node));
  for (const [at, node] of nodes.entries()) {
    if (node !== undefined) continue;
    reader.problems.push(`${variable} must list nodes as ${FORM}; address ${at + 1} is ${shown(list[at])}`);
  }
  return nodes.filter((node) => node !== undefined);
}

/** Reads where announced addresses are reached: in code an object, in a variable `announced=reached` with commas. */
export function readNatMap(reader: SettingReader, given: Readonly<Record<string, string>> | undefined): NatMap {
  const pairs =
    given === undefined
      ? (partsOf(reader.text("REDIS_NAT_MAP")) ?? []).map((pair) => pair.split("="))
      : Object.entries(given);
  const read = pairs.map((pair) => pair.map((address) => nodeOf(String(address).trim())));
  const natMap: Record<string, NodeAddress> = {};
  for (const [at, [announced, reached, ...more]] of read.entries()) {
    if (announced !== undefined && reached !== undefined && more.length === 0) {
      natMap[`${announced.host}:${announced.port}`] = reached;
    } else {
      const form = `announced=reached, each ${FORM}`;
      reader.problems.push(`REDIS_NAT_MAP must list pairs ${form}; pair ${at + 1} is ${shown(pairs[at]?.join("="))}`);
    }
  }
  return natMap;
}

/** `host:port`, as the settings write it. */
export function addressOf({ host, port }: Partial<NodeAddress>): string {
  return `${host?.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Reads `host:port`. `undefined` if it is anything else. */
export function nodeOf(text: unknown): NodeAddress | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-f:.]+)\]|([^\s:/@?#[\]=,\p{Cc}]+)):(\d{1,5})$/iu.exec(`${text}`) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function partsOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(",").map((part) => part.trim());
}

/** A URL in place of an address may hold a password. */
function shown(address: unknown): string {
  const text = typeof address === "object" && address !== null ? addressOf(address) : String(address);
  if (!/[@/]/.test(text)) return text === "" ? "empty" : JSON.stringify(text);
  return "a URL: the user and the password have settings of their own (REDIS_USERNAME, REDIS_PASSWORD)";
}
