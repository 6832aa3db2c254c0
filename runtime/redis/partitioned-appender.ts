import type { Append, Appender } from "../broker/append.js";
import { placeIn, type Topology } from "../broker/topology.js";
import { textLength } from "../contract/codec.js";
import { MessagingError, PublishError } from "../errors.js";
import type { Topologies } from "./topologies.js";
import { UnderWay } from "./under-way.js";

/**
 * Puts each entry into the partition of its key. Until it is known which partitions a stream has, its entries wait here, in
 * their order. The entries of a stream without partitions pass as they are.
 */
export class PartitionedAppender implements Appender {
  readonly #inner: Appender;
  readonly #topologies: Topologies;
  /** Those that wait, by their streams. */
  readonly #waiting = new Map<string, Append[]>();
  readonly #underWay: UnderWay;

  /** @param mostBytes - of the entries that wait */
  constructor(inner: Appender, topologies: Topologies, mostBytes: number) {
    this.#inner = inner;
    this.#topologies = topologies;
    this.#underWay = new UnderWay(mostBytes);
  }

  append(entry: Append): void {
    const topology = entry.isKeyed ? this.#topologies.known(entry.stream) : undefined;
    // What is known may not have reached those that wait for it.
    const isLate = this.#waiting.size > 0 && this.#waiting.has(entry.stream);
    if (entry.isKeyed && (topology === undefined || isLate)) this.#hold(entry);
    else this.#pass(entry, topology);
  }

  flush(): void {
    this.#inner.flush();
  }

  async drained(): Promise<void> {
    this.#topologies.drain();
    await this.#underWay.idle();
    await this.#inner.drained();
  }

  #pass(entry: Append, topology: Topology | undefined): void {
    if (topology !== undefined) entry.stream = placeIn(topology, entry);
    this.#inner.append(entry);
  }

  #hold(entry: Append): void {
    const { messageId, stream } = entry;
    const refusal = this.#underWay.begin(textLength(entry.entry));
    if (refusal !== undefined) {
      entry.failed(new PublishError("PUBLISH_OVERLOADED", refusal, { messageId, retryable: true }));
      return;
    }
    const waiting = this.#waiting.get(stream);
    if (waiting !== undefined) {
      waiting.push(entry);
      return;
    }
    this.#waiting.set(stream, [entry]);
    this.#topologies.learn(stream).then(
      (topology) => this.#release(stream, (each) => this.#place(each, topology)),
      (error: unknown) => this.#release(stream, (each) => each.failed(failure(error, each))),
    );
  }

  /** In one go: what is published next comes behind what has waited. */
  #release(stream: string, release: (entry: Append) => void): void {
    const waiting = this.#waiting.get(stream) ?? [];
    this.#waiting.delete(stream);
    for (const entry of waiting) {
      this.#underWay.ended(textLength(entry.entry));
      release(entry);
    }
  }

  #place(entry: Append, topology: Topology): void {
    const { isWanted, messageId } = entry;
    if (isWanted?.() ?? true) {
      this.#pass(entry, topology);
      return;
    }
    const text = `message ${messageId} was not sent: its sender had given up before there was a connection`;
    entry.failed(new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true }));
  }
}

/** Nothing was sent. */
function failure(error: unknown, { messageId, stream }: Append): MessagingError {
  if (error instanceof MessagingError) return error;
  const text = `message ${messageId ?? "(without id)"} was not sent to ${stream}: ${(error as Error).message}`;
  return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true, cause: error as Error });
}
