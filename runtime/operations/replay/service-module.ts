import type { Descriptor } from "../../contract/descriptor.js";
import type { Upcaster } from "../../contract/upcaster.js";
import { ConfigError } from "../../errors.js";
import { replayPartsOf } from "../../handle/replayable.js";
import type { Extension } from "../../messaging/extension.js";
import type { Messaging } from "../../messaging/messaging.js";
import { createMessagingFor } from "../../service/create-messaging.js";

/** What a module of a service exports for a replay: its messaging, or a function that registers its handlers. */
export interface ServiceModule {
  readonly messaging?: unknown;
  readonly register?: (messaging: Messaging) => unknown;
  /** For `register`. */
  readonly upcasters?: readonly Upcaster[];
  /** For `register`: `encryption(…)`, where the catalogue has encrypted fields. */
  readonly extensions?: readonly Extension[];
  /** Only messages for which this returns `true` are replayed. */
  readonly where?: (message: never) => boolean;
  /** Closes what the module has opened, such as a pool of connections. */
  readonly close?: () => unknown;
}

/** A messaging whose handlers are registered. */
export interface ReplayedService {
  readonly service: string;
  close(): Promise<void>;
}

/** A replay is no member of the service: it announces nothing. */
const AT_REST = { announce: false, healthIntervalSeconds: 0 } as const;

/**
 * The messaging of a module.
 *
 * @param descriptors - the catalogue of a messaging that is made for `register`
 * @throws {ConfigError} it exports neither, or its messaging handles live messages already
 */
export async function messagingOf(
  { messaging, register, upcasters = [], extensions = [] }: ServiceModule,
  descriptors: readonly Descriptor[],
): Promise<ReplayedService> {
  if (typeof register === "function") {
    const catalogue = { name: "merp", encoding: "fields", messages: descriptors } as const;
    const made = createMessagingFor(catalogue, { ...AT_REST, upcasters, extensions });
    try {
      await register(made as unknown as Messaging);
    } catch (error) {
      await made.close();
      throw error;
    }
    return made as unknown as ReplayedService;
  }
  const parts = replayPartsOf(messaging);
  if (parts === undefined) {
    throw new ConfigError(["the module must export its messaging, as messaging, or a function register(messaging)"]);
  }
  if (parts.isStarted) {
    const text =
      "the module starts its messaging when it is loaded, so it would handle live messages as well: export register(messaging) from a module of its own";
    throw new ConfigError([text]);
  }
  return messaging as ReplayedService;
}
