import type { LogEntry } from "../broker/log.js";
import type { Config } from "../config/config.js";
import { type PlainMessage, typeOf } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import type { Catalogue, Descriptor } from "../contract/descriptor.js";
import type { Sealing } from "../contract/sealing.js";
import type { Upcast, Upcasting } from "../contract/upcasting.js";
import { MessageTooLargeError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { NotificationContext } from "../messaging/notification.js";
import { channelOf } from "../publish/prepare.js";
import { labelsOfPayload } from "./label.js";
import type { Stored } from "./lagging-subscriptions.js";

/** What is said of an entry that is too large. */
const SKIPPED = "nobody who missed it gets it; raise that setting in every service that listens";

/** What reads notifications of a type, and makes those of an older type newer. */
interface Reading {
  readonly contract: Contract;
  readonly upcast: Upcast | undefined;
}

/** A notification as it was announced. */
export type Received = Pick<NotificationContext, "entryId"> & { readonly message: PlainMessage };

/** A promise only where a key has to be fetched. `undefined` for what cannot be read, which the hooks are told. */
export type MaybeLater<Value> = Value | undefined | Promise<Value | undefined>;

export interface NotificationReaderParts {
  readonly hooks: HookBus;
  readonly upcasting: Upcasting | undefined;
  readonly sealing: Sealing | undefined;
}

/** Reads notifications, as they are announced and as their stream holds them. */
export class NotificationReader {
  readonly #config: Config;
  readonly #parts: NotificationReaderParts;
  readonly #readings: ReadonlyMap<string, Reading>;

  constructor(config: Config, catalogue: Catalogue, parts: NotificationReaderParts) {
    this.#config = config;
    this.#parts = parts;
    const older = [...(parts.upcasting?.all ?? [])].map(({ from }) => from);
    const notifications = [...older, ...catalogue.messages].filter(({ kind }) => kind === "notification");
    const readingOf = (from: Descriptor): Reading => ({
      contract: contractOf(from),
      upcast: parts.upcasting?.of(from),
    });
    this.#readings = new Map(notifications.map((descriptor) => [descriptor.type, readingOf(descriptor)]));
  }

  announced(channel: string, payload: string): MaybeLater<Received> {
    return this.#attempt(`reading a notification on ${channel}`, () => {
      const { type, entryId } = labelsOfPayload(payload);
      const reading = this.#readings.get(type);
      if (reading === undefined) {
        this.#parts.hooks.count("skipped");
        return undefined;
      }
      const { entry_id: _, ...message } = reading.contract.readPayload(payload);
      return this.#whole(reading, message, (whole) => ({ message: whole, entryId }));
    });
  }

  stored({ id: entryId, fields, oversizedBytes }: LogEntry): MaybeLater<Stored> {
    const reading = this.#readings.get(typeOf(fields) ?? "");
    if (reading === undefined) return undefined;
    return this.#attempt(`reading the notification ${entryId}`, () => {
      const { contract } = reading;
      if (oversizedBytes !== undefined) {
        throw new MessageTooLargeError(contract.type, oversizedBytes, this.#config.maxMessageBytes, SKIPPED);
      }
      return this.#whole(reading, contract.decode(fields), (message) => {
        return { entryId, channel: channelOf(this.#config, message), message };
      });
    });
  }

  #whole<Result>(
    { contract, upcast }: Reading,
    message: PlainMessage,
    told: (whole: PlainMessage) => Result,
  ): MaybeLater<Result> {
    const newest = (whole: PlainMessage): Result => told(upcast?.apply(whole) ?? whole);
    const opened = contract.open(message, this.#parts.sealing);
    return opened instanceof Promise ? opened.then(newest) : newest(opened);
  }

  #attempt<Result>(what: string, read: () => MaybeLater<Result>): MaybeLater<Result> {
    const tell = (error: unknown): undefined => {
      this.#parts.hooks.trouble(what, error);
      return undefined;
    };
    try {
      const result = read();
      return result instanceof Promise ? result.catch(tell) : result;
    } catch (error) {
      return tell(error);
    }
  }
}
