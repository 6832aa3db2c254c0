import type { Ledger } from "../faults/ledger.js";
import { eventually } from "../faults/patience.js";
import { type Child, startChild } from "../support/child.js";
import type { PublisherNews, PublisherRole } from "./publisher.js";

/** A publisher in a process of its own, which publishes all the time and never waits for what it has published before. */
export class PublisherProcess implements AsyncDisposable {
  readonly #child: Child<PublisherNews>;
  readonly #ledger: Ledger;
  #read = 0;
  #sent = 0;
  readonly #stored: number[] = [];
  readonly #first = new Set<number>();
  readonly #refused: string[] = [];

  private constructor(child: Child<PublisherNews>, ledger: Ledger) {
    this.#child = child;
    this.#ledger = ledger;
  }

  static async start(role: PublisherRole, ledger: Ledger): Promise<PublisherProcess> {
    const program = new URL("./publisher.ts", import.meta.url);
    return new PublisherProcess(await startChild(program, { arguments: [JSON.stringify(role)] }), ledger);
  }

  /** The last that it began to publish. */
  get sent(): number {
    this.#update();
    return this.#sent;
  }

  /** What Redis confirmed. */
  get stored(): readonly number[] {
    this.#update();
    return this.#stored;
  }

  /** What it refused for good. */
  get refused(): readonly string[] {
    this.#update();
    return this.#refused;
  }

  /** Resolves when so many more have been stored. */
  async stores(count: number): Promise<void> {
    const before = this.stored.length;
    await eventually(() => this.stored.length >= before + count, Boolean, {
      what: `${count} more publishes confirmed`,
    });
  }

  /** Resolves when everything that it has begun to publish is published, refused or uncertain. */
  async stop(): Promise<void> {
    this.#child.send({ stop: true });
    await this.#child.next((news) => "closed" in news);
    await this.#child.exited;
    this.#update();
  }

  /**
   * Those that stand in the stream before one that was published earlier. What was refused and tried again does not
   * count, since its publisher chose its new place.
   */
  disorder(stream: readonly number[]): readonly number[] {
    this.#update();
    const mine = stream.filter((serial) => this.#first.has(serial));
    return mine.filter((serial, index) => serial < (mine[index - 1] ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }

  #update(): void {
    for (const news of this.#child.messages.slice(this.#read)) {
      this.#read++;
      if ("sending" in news) {
        this.#sent = news.sending;
        this.#ledger.sending(news.sending);
      } else if ("uncertain" in news) this.#ledger.uncertain(news.uncertain);
      else if ("code" in news) this.#refused.push(`${news.code}: ${news.text}`);
      else if ("stored" in news) {
        this.#ledger.published(news.stored);
        this.#stored.push(news.stored);
        if (news.first) this.#first.add(news.stored);
      }
    }
  }
}
