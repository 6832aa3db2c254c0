import { parseArgs } from "node:util";

/** What `merp dev` is asked for. */
export interface Wish {
  /** A Redis that runs already. */
  readonly url: string | undefined;
  readonly port: number | undefined;
  /** Where its data are kept. */
  readonly persist: string | undefined;
  readonly schemas: string;
  /** The program to run with its parameters; empty for none. */
  readonly command: readonly string[];
  readonly isHelp: boolean;
}

/** Reads the arguments. @throws {Error} with a sentence about what is wrong */
export function wishOf(args: readonly string[]): Wish {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const options = {
    "redis-url": { type: "string" },
    port: { type: "string" },
    persist: { type: "string" },
    schemas: { type: "string", default: "schemas" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = parseArgs({ args: args.slice(0, end), options });
  const { "redis-url": url, port, persist, schemas, help } = values;
  if (url !== undefined && (port !== undefined || persist !== undefined)) {
    throw new Error("--redis-url names a Redis that runs already, so leave --port and --persist out");
  }
  if (url !== undefined && !(URL.canParse(url) && /^(?:rediss?|valkeys?|unix):$/.test(new URL(url).protocol))) {
    throw new Error("--redis-url takes the URL of a Redis, such as redis://127.0.0.1:6379");
  }
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)) {
    throw new Error(`--port takes a number from 1 to 65535, not ${port}`);
  }
  const command = args.slice(end + 1);
  if (end < args.length && command.length === 0) throw new Error("there is no command after --");
  return { url, port: port === undefined ? undefined : Number(port), persist, schemas, command, isHelp: help === true };
}
