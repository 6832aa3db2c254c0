import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { SettingReader } from "./setting-reader.js";

/** Node's TLS options. */
export type TlsOptions = ConnectionOptions;

/** Where TLS is asked for in code. */
interface TlsAsked {
  readonly url?: string;
  readonly tls?: boolean | TlsOptions | (() => TlsOptions | Promise<TlsOptions>);
}

export interface TlsConfig {
  /** Those that stand in files are read each time that they are used. `undefined` without TLS. */
  readonly tls: TlsOptions | undefined;
  /** The paths of these files, by option. */
  readonly tlsFiles: Readonly<Record<string, string>>;
  /** Gives the options for each attempt to connect, where code does that. */
  readonly askTls: (() => TlsOptions | Promise<TlsOptions>) | undefined;
}

/** @param byUrl - whether the URL asks for TLS, if there is one */
export function readTls(reader: SettingReader, options: TlsAsked, byUrl: boolean | undefined): TlsConfig {
  const { tls: given } = options;
  const none = { tlsFiles: {}, askTls: undefined };
  if (typeof given === "function") return { ...none, tls: {}, askTls: given };
  if (typeof given === "object") return { ...none, tls: given };
  const tlsFiles = readFiles(reader);
  const servername = reader.text("REDIS_TLS_SERVERNAME");
  const tls: TlsOptions = { ...(servername !== undefined && { servername }) };
  for (const [option, path] of Object.entries(tlsFiles)) {
    Object.defineProperty(tls, option, { get: readerOf(path), enumerable: true });
  }
  const isUrlInCode = options.url !== undefined;
  const isOn = isAsked(reader, { flag: given, isUrlInCode, byUrl });
  if (!isOn && !isUrlInCode && Object.keys(tls).length > 0) {
    reader.problems.push("REDIS_TLS_… is set, but TLS is off: set REDIS_TLS=true or a rediss:// REDIS_URL");
  }
  return { tls: isOn ? tls : undefined, tlsFiles, askTls: undefined };
}

interface Asked {
  readonly flag: boolean | undefined;
  readonly isUrlInCode: boolean;
  readonly byUrl: boolean | undefined;
}

/** The variable's default must not send in clear what the URL wants encrypted, and it does not touch a URL in code. */
function isAsked(reader: SettingReader, { flag, isUrlInCode, byUrl }: Asked): boolean {
  if (byUrl === true && flag === false) {
    reader.problems.push("redis.tls is false, but the URL is rediss://: leave it out, or write redis:// for no TLS");
  }
  const asked = isUrlInCode ? flag : reader.flag("REDIS_TLS", flag);
  return byUrl === true || asked === true;
}

function readFiles(reader: SettingReader): Record<string, string> {
  const variables = { ca: "REDIS_TLS_CA", cert: "REDIS_TLS_CERT", key: "REDIS_TLS_KEY" };
  const given = Object.entries(variables).map(([option, variable]) => [option, reader.file(variable)] as const);
  return Object.fromEntries(given.filter(([, path]) => path !== undefined)) as Record<string, string>;
}

/** While a file is being replaced it may be missing: what it last held is as good as nothing. */
function readerOf(path: string): () => string | undefined {
  let last: string | undefined;
  return () => {
    try {
      last = readFileSync(path, "utf8");
    } catch {}
    return last;
  };
}
