import type { Descriptor } from "../../contract/descriptor.js";
import type { Operator } from "../operator.js";
import { Follower, type FollowOptions } from "./follower.js";
import { filterOf, type MessageFilter } from "./message-filter.js";
import { MessageReader, type ReaderOptions, type ShownMessage } from "./message-reader.js";

/** Which messages to show, and how. */
export interface TailOptions extends FollowOptions, ReaderOptions {
  readonly filter: MessageFilter & {
    /** @defaultValue those of all companies */
    readonly company?: string;
  };
}

/** A message, and whether it was added after all older ones had been shown. */
export interface TailedMessage extends ShownMessage {
  readonly isLive: boolean;
}

/**
 * The messages of streams, as a catalogue describes them, and as they come.
 *
 * @throws {ConnectionError} Redis cannot be reached at first, or refuses; or a key is no stream
 */
export async function* tail(
  { config }: Pick<Operator, "config">,
  descriptors: readonly Descriptor[],
  options: TailOptions,
): AsyncGenerator<TailedMessage, void, undefined> {
  const { company, ...filter } = options.filter;
  const passes = filterOf(filter);
  const reader = new MessageReader(descriptors, options);
  for await (const entry of new Follower(config, options).entries()) {
    if (!passes(entry.fields)) continue;
    const message = reader.read(entry, entry.stream);
    if (company === undefined || message.company === company) yield { ...message, isLive: entry.isLive };
  }
}
