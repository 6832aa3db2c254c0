import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem, type } from "node:os";
import { root } from "./stage.js";

/** What the figures were measured on. */
export interface Machine {
  readonly processors: string;
  readonly memory: string;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
  /** How many processes wanted to run when it began: far above the processors, and figures are unsteady. */
  readonly load: number;
}

export function describeMachine(redis: string, peers: Readonly<Record<string, string>> = {}): Machine {
  const installed = (name: string): string => {
    const { version } = JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, "utf8")) as {
      version: string;
    };
    return version;
  };
  const { ioredis: older, ...others } = peers;
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: type(),
    versions: {
      Node: process.versions.node,
      Redis: redis,
      ioredis: installed("ioredis"),
      TypeScript: installed("typescript"),
      ...others,
      ...(older === undefined ? {} : { "ioredis (peers')": older }),
    },
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
