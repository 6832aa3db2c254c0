import type { LogEntry } from "../../broker/log.js";
import { type FlatFields, fieldOf, isJsonEntry, textReader } from "../../contract/codec.js";

/** What of an entry tells which messages belong together. */
export interface Trace {
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  readonly entryId: string;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  /** The id of the message whose handler published it. */
  readonly causationId: string | undefined;
}

export function traceOf({ id, fields }: LogEntry, stream: string): Trace {
  const textOf = textReader(fields);
  const [messageId, correlationId] = [textOf("id"), textOf("correlation_id")].map((text) => text || undefined);
  return { stream, entryId: id, messageId, correlationId, causationId: causationIn(fields) };
}

/** In the `fields` encoding the metadata are a text of JSON, in `json` a part of the message. */
function causationIn(fields: FlatFields): string | undefined {
  const text = isJsonEntry(fields) ? fieldOf(fields, "json") : fieldOf(fields, "metadata");
  if (text?.includes("causation_id") !== true) return undefined;
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const metadata = (isJsonEntry(fields) ? value?.["metadata"] : value) as Record<string, unknown> | null | undefined;
    const cause = metadata?.["causation_id"];
    return typeof cause === "string" ? cause : undefined;
  } catch {
    return undefined;
  }
}

/** A message, and what it caused. */
export interface Branch {
  readonly trace: Trace;
  readonly caused: readonly Branch[];
}

/** No tree is deeper: whoever prints it calls itself for each level. */
const DEEPEST = 100;

/** Whether an id is that of the entry, of the message or of its correlation. */
export function isNamed({ entryId, messageId, correlationId }: Trace, id: string): boolean {
  return entryId === id || messageId === id || correlationId === id;
}

/**
 * The messages that belong to the named ones: those with the same correlation, those that caused them, and those that they
 * caused, to any depth. As trees of causes, each in the order of the traces.
 */
export function branchesOf(traces: readonly Trace[], named: ReadonlySet<Trace>): readonly Branch[] {
  const byMessage = new Map(traces.flatMap((each) => (each.messageId === undefined ? [] : [[each.messageId, each]])));
  const causeOf = ({ causationId }: Trace): Trace | undefined =>
    causationId === undefined ? undefined : byMessage.get(causationId);
  const caused = new Map<Trace, Trace[]>();
  for (const trace of traces) {
    const cause = causeOf(trace);
    if (cause === undefined) continue;
    const others = caused.get(cause);
    if (others === undefined) caused.set(cause, [trace]);
    else others.push(trace);
  }
  const correlations = new Set([...named].flatMap(({ correlationId }) => correlationId ?? []));
  const wanted = new Set(named);
  for (const trace of traces) if (correlations.has(trace.correlationId ?? "")) wanted.add(trace);
  for (const trace of [...wanted]) {
    for (let cause = causeOf(trace); cause !== undefined && !wanted.has(cause); cause = causeOf(cause))
      wanted.add(cause);
  }
  // What is added meanwhile is looked at as well.
  for (const trace of wanted) for (const each of caused.get(trace) ?? []) wanted.add(each);
  const told = new Set<Trace>();
  const branch = (trace: Trace, depth: number): readonly Branch[] => {
    if (depth > DEEPEST || !wanted.has(trace) || told.has(trace)) return [];
    told.add(trace);
    return [{ trace, caused: (caused.get(trace) ?? []).flatMap((each) => branch(each, depth + 1)) }];
  };
  const roots = traces.filter((trace) => wanted.has(trace) && causeOf(trace) === undefined);
  // Ids that others wrote may name each other in a circle, or one the next without end: what is too deep begins a tree.
  return [...roots, ...wanted].flatMap((each) => branch(each, 1));
}
