import { type Config, prefixed } from "../../config/config.js";
import type { Descriptor } from "../../contract/descriptor.js";
import type { StreamStatus } from "./status.js";

/** A stream to look at. */
export interface PlannedStream {
  /** Its whole name. */
  readonly name: string;
  readonly kind: StreamStatus["kind"];
  readonly types: readonly string[];
}

/** What to look at. */
export interface Plan {
  readonly config: Config;
  readonly streams: readonly PlannedStream[];
}

/** What an installation consists of. */
export interface Installation {
  /** The messages of the installation: their streams are looked at. @defaultValue the four streams of M-ERP, their types not known */
  readonly messages?: readonly Pick<Descriptor, "kind" | "type" | "stream">[];
  /** The streams to look at, without the environment's prefix. @defaultValue those of the messages */
  readonly streams?: readonly string[];
}

const STANDARD: Readonly<Record<string, StreamStatus["kind"]>> = {
  events: "event",
  commands: "command",
  notifications: "notification",
  health: "health",
};

export function planOf(config: Config, { messages = [], streams }: Installation = {}): Plan {
  const described = new Set(messages.map(({ stream }) => stream));
  const names = streams ?? (described.size > 0 ? described : Object.keys(STANDARD));
  const planned = (name: string): PlannedStream => {
    const own = messages.filter(({ stream }) => stream === name);
    const kind = own[0]?.kind ?? STANDARD[name] ?? null;
    return { name: prefixed(config, name), kind, types: own.map(({ type }) => type) };
  };
  return { config, streams: [...new Set(names)].map(planned) };
}
