import type { Descriptor } from "../../contract/descriptor.js";
import { printable } from "../../contract/printable.js";
import { ConfigError } from "../../errors.js";
import { type OperationsOptions, Operator } from "../../operations/operator.js";
import { StatusReader } from "../../operations/status/reader.js";
import { readTraffic } from "../../operations/traffic/traffic.js";
import { Shared } from "../shared.js";
import { Changes } from "./changes.js";
import { LetterSource } from "./letter-source.js";
import type { Causes, LetterLine, LetterQuery, LetterState } from "./letter-state.js";
import { MessageSource } from "./message-source.js";
import type { Found, MessageState, Part, Query, Story } from "./message-state.js";
import type { Snapshot } from "./overview.js";
import { snapshotOf } from "./snapshot.js";
import type { Action, Actor, DashboardSource, Traffic } from "./source.js";

const FRESH_MS = 5000;

/** Reads what a dashboard shows from the Redis of the services. It connects at the first use. */
export class RedisSource implements DashboardSource {
  readonly #operator: Operator;
  readonly #status: StatusReader;
  readonly #letters: LetterSource;
  readonly #messages: MessageSource;
  readonly #changes: Changes;
  readonly #traffic: Shared<Traffic>;
  readonly #causes: Shared<Causes>;
  /** Others in the same Redis are nobody's business here. */
  readonly #streams: ReadonlySet<string>;

  /** @throws {ConfigError} naming every bad setting */
  constructor(descriptors: readonly Descriptor[], options: OperationsOptions) {
    this.#operator = new Operator(options, { name: "dashboard", connectionName: "dashboard" });
    this.#streams = new Set(descriptors.map(({ stream }) => stream));
    this.#status = new StatusReader({ ...options, messages: descriptors });
    this.#letters = new LetterSource(this.#operator, descriptors);
    this.#messages = new MessageSource(this.#operator, descriptors);
    this.#changes = new Changes(this.#operator, descriptors);
    this.#traffic = new Shared(() => this.#readTraffic(descriptors), FRESH_MS, isPart);
    this.#causes = new Shared(() => this.#letters.causes(), FRESH_MS, isPart);
  }

  async snapshot(): Promise<Snapshot> {
    return snapshotOf(await this.#status.read());
  }

  async messages(query: Query): Promise<Found> {
    if (!this.#streams.has(query.stream)) return { items: [], next: undefined, looked: 0 };
    return this.#messages.find(query);
  }

  async message(stream: string, id: string): Promise<MessageState | undefined> {
    return this.#streams.has(stream) ? this.#messages.get(stream, id) : undefined;
  }

  story(id: string): Promise<Story | undefined> {
    return this.#messages.story(id);
  }

  causes(): Promise<Causes> {
    return this.#causes.get();
  }

  async letters(query: LetterQuery): Promise<Part<LetterLine>> {
    return this.#streams.has(query.stream) ? this.#letters.list(query) : { items: [], next: undefined };
  }

  async letter(stream: string, id: string): Promise<LetterState | undefined> {
    return this.#streams.has(stream) ? this.#letters.get(stream, id) : undefined;
  }

  traffic(): Promise<Traffic> {
    return this.#traffic.get();
  }

  async act(action: Action, actor: Actor): Promise<string> {
    if (!this.#streams.has(action.stream)) {
      throw new ConfigError([`the catalogue has no stream of the name ${printable(action.stream)}`]);
    }
    try {
      return await this.#changes.make(action, actor);
    } finally {
      this.#causes.forget();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#status.close();
    this.#operator.routes.close();
  }

  async #readTraffic(descriptors: readonly Descriptor[]): Promise<Traffic> {
    const { types, ...seen } = await readTraffic(this.#operator, descriptors);
    const flowing = types.map(({ stream, kind, type, from, to }) => ({
      ...{ stream, from, to, kind: kind ?? "type" },
      type: type === "" ? (kind ?? "no type") : type,
    }));
    return { flowing, ...seen };
  }
}

function isPart({ unseen }: Pick<Traffic | Causes, "unseen">): boolean {
  return unseen.length > 0;
}
