import { globOf } from "../../broker/glob.js";
import { didYouMean, nearest } from "../../config/suggest.js";
import { type FlatFields, textReader, typeOf } from "../../contract/codec.js";
import type { Descriptor } from "../../contract/descriptor.js";

/** Which messages an operator wants to see. All conditions count. */
export interface MessageFilter {
  /** Types, or patterns such as `user.*`: one of them matches. */
  readonly types?: readonly string[];
  readonly correlationId?: string;
  readonly source?: string;
}

/** Judges an entry before it is decoded as a whole. */
export function filterOf(filter: MessageFilter): (fields: FlatFields) => boolean {
  const { types = [], correlationId, source } = filter;
  const patterns = types.map(globOf);
  return (fields) => {
    const type = typeOf(fields) ?? "";
    if (patterns.length > 0 && !patterns.some((matches) => matches(type))) return false;
    if (correlationId === undefined && source === undefined) return true;
    const textOf = textReader(fields);
    if (correlationId !== undefined && textOf("correlation_id") !== correlationId) return false;
    return source === undefined || (textOf("source_service") ?? textOf("service_name")) === source;
  };
}

/** The streams of a catalogue that may hold what a filter lets through. */
export function streamsOf(descriptors: readonly Descriptor[], { types = [] }: MessageFilter): readonly string[] {
  const patterns = types.map(globOf);
  const meant = descriptors.filter(({ type }) => patterns.length === 0 || patterns.some((matches) => matches(type)));
  const isKnown = patterns.every((matches) => meant.some(({ type }) => matches(type)));
  // A type that the catalogue does not describe may be in any of them.
  return [...new Set((isKnown ? meant : descriptors).map(({ stream }) => stream))];
}

/** A sentence for each pattern that matches no type of the catalogue. It may be a type that is newer. */
export function unknownTypes(descriptors: readonly Descriptor[], types: readonly string[]): readonly string[] {
  const known = descriptors.map(({ type }) => type);
  return types
    .filter((pattern) => !known.some(globOf(pattern)))
    .map((pattern) => `no message of the catalogue is of type ${pattern}${didYouMean(nearest(pattern, known))}`);
}
