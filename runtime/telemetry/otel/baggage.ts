import { type BaggageEntry, baggageEntryMetadataFromString, type Context, propagation } from "@opentelemetry/api";
import { boundedText, LONGEST_BAGGAGE } from "../../messaging/trace-context.js";

/** The most that W3C Baggage asks anyone to carry. */
const MOST_ENTRIES = 64;

/** The baggage of a context as W3C Baggage writes it; `undefined` if there is none, or too much. */
export function baggageOf(context: Context): string | undefined {
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  const text = entries.slice(0, MOST_ENTRIES).map(written).join(",");
  return boundedText(text, LONGEST_BAGGAGE);
}

function written([name, { value, metadata }]: [string, BaggageEntry]): string {
  const properties = metadata?.toString() ?? "";
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}${properties === "" ? "" : `;${properties}`}`;
}

/** The context with the baggage of a message. What cannot be read is left out. */
export function withBaggage(context: Context, text: string | undefined): Context {
  if (text === undefined || text.length > LONGEST_BAGGAGE) return context;
  const entries = text.split(",").slice(0, MOST_ENTRIES).flatMap(read);
  return entries.length === 0
    ? context
    : propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries)));
}

function read(member: string): [string, BaggageEntry][] {
  const [pair = "", ...properties] = member.split(";");
  const at = pair.indexOf("=");
  if (at < 1) return [];
  try {
    const entry: BaggageEntry = { value: decodeURIComponent(pair.slice(at + 1).trim()) };
    if (properties.length > 0) entry.metadata = baggageEntryMetadataFromString(properties.join(";").trim());
    return [[decodeURIComponent(pair.slice(0, at).trim()), entry]];
  } catch {
    return [];
  }
}
