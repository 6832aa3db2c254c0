import type { Descriptor } from "../contract/descriptor.js";
import { ConfigError } from "../errors.js";
import type { MessageContext, Subscriber } from "../messaging/handler.js";
import type { Publisher } from "../messaging/publisher.js";
import type { Sender } from "../messaging/sender.js";
import type { Queryable } from "../postgres/database.js";
import type { Inbox } from "../postgres/inbox/inbox.js";
import { createOutbox } from "../postgres/outbox.js";
import { type RelayParts, relayPartsOf } from "../publish/relayable.js";
import { Asking, type SagaPlace } from "./asking.js";
import { Cleaning } from "./cleaning.js";
import type { Saga } from "./definition.js";
import { Engine } from "./engine.js";
import { Poller } from "./poller.js";
import type { SagasOptions } from "./sagas-options.js";
import { Timing } from "./timing.js";

/** What sagas use of a messaging. */
type SagaMessaging = Publisher<unknown> & Subscriber & Pick<Sender, "send">;

/** The sagas that a process runs. */
export interface Sagas<Tx> {
  /**
   * Begins a saga in a transaction of the service.
   * @returns `false` if there is one of that id, which goes on as it is
   * @throws {MessagingError} `CONTRACT_VIOLATED`: the state breaks its schema
   * @example
   * const state = { email: "ada@example.com", company: "Ada Ltd" };
   * await transaction(pool, (tx) => sagas.begin(tx, registration, "7", state));
   */
  begin<State>(tx: Tx | Queryable, saga: Saga<State>, id: string, state: NoInfer<State>): Promise<boolean>;
  /** Takes nothing more, and waits for the steps under way. The answers that are awaited go to another process, or to the next. */
  stop(): Promise<void>;
}

/**
 * Runs sagas in a service: registers handlers of their messages, and from then on sends their commands and keeps their
 * times. Several processes share the work. Call it before `messaging.start()`, with the inbox that the messaging has as an extension.
 * @throws {ConfigError} two sagas have one name
 * @example
 * const sagas = startSagas(messaging, inbox, [registration]);
 * await messaging.start();
 */
export function startSagas<Tx>(
  messaging: SagaMessaging,
  inbox: Inbox<Tx>,
  definitions: readonly Saga<unknown>[],
  options: SagasOptions = {},
): Sagas<Tx> {
  const parts = relayPartsOf(messaging);
  if (parts === undefined) {
    throw new ConfigError(["startSagas() takes a messaging, as createMessaging() or getMessaging() returns it"]);
  }
  return new RunningSagas(messaging, inbox, definitions as unknown as readonly Saga<object>[], { ...options, parts });
}

class RunningSagas<Tx> implements Sagas<Tx> {
  readonly #inbox: Inbox<Tx>;
  readonly #engine: Engine;
  readonly #sagas: ReadonlyMap<string, Saga<object>>;
  readonly #poller: Poller;
  readonly #ending = new AbortController();

  constructor(
    messaging: SagaMessaging,
    inbox: Inbox<Tx>,
    definitions: readonly Saga<object>[],
    { parts, ...options }: SagasOptions & { readonly parts: RelayParts },
  ) {
    this.#inbox = inbox;
    this.#engine = new Engine({ messaging: parts, outbox: createOutbox(messaging) });
    this.#sagas = new Map(definitions.map((saga) => [saga.name, saga]));
    if (this.#sagas.size < definitions.length) throw new ConfigError(["two sagas have one name: rename one of them"]);
    for (const saga of definitions) this.#listen(messaging, saga);
    const transactions = inbox.transactions as SagaPlace["transactions"];
    const shared = { transactions, sagas: this.#sagas, engine: this.#engine, messaging, parts };
    const place: SagaPlace = { ...shared, signal: this.#ending.signal };
    const { keepSeconds } = options;
    const cleaning = new Cleaning({ transactions, sagas: this.#sagas, clock: parts.clock, keepSeconds });
    this.#poller = new Poller(place, { asking: new Asking(place), timing: new Timing(place), cleaning }, options);
    this.#poller.start();
  }

  async begin<State>(tx: Tx | Queryable, saga: Saga<State>, id: string, state: State): Promise<boolean> {
    const known = this.#sagas.get(saga.name);
    if (known === undefined) throw new ConfigError([`the saga ${saga.name} is not among those of startSagas()`]);
    const db = isQueryable(tx) ? tx : this.#inbox.transactions.queryable(tx);
    const begun = await this.#engine.begin(db, known, id, state);
    this.#poller.wakeSoon();
    return begun;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#poller.stop();
  }

  /** A message that begins a saga is not taken by it a second time. */
  #listen(messaging: SagaMessaging, saga: Saga<object>): void {
    const taken = [...saga.beginnings, ...saga.messages].map(({ descriptor }) => descriptor);
    const descriptors = new Map(taken.map((descriptor) => [descriptor.type, descriptor]));
    for (const descriptor of descriptors.values()) {
      messaging.on(descriptor as Descriptor<unknown>, (message, context) =>
        this.#handle(saga, descriptor.type, message, context),
      );
    }
  }

  async #handle(saga: Saga<object>, type: string, message: unknown, context: MessageContext): Promise<void> {
    const db = this.#inbox.transactions.queryable(this.#inbox.transactionOf(context));
    // Whatever a saga does was done when the message came first.
    if (context.replay) return;
    for (const { descriptor, begin } of saga.beginnings) {
      const begun = descriptor.type === type ? begin(message) : undefined;
      if (begun !== undefined && (await this.#engine.begin(db, saga, String(begun.id), begun.state))) {
        this.#poller.wakeSoon();
        return;
      }
    }
    for (const { descriptor, idOf, step, missing } of saga.messages) {
      const id = descriptor.type === type ? idOf(message) : undefined;
      if (id === undefined) continue;
      const run = (state: unknown, taken: unknown): unknown => step(state, message as never, taken as never);
      await this.#engine.message(db, saga, id, run, missing);
      this.#poller.wakeSoon();
    }
  }
}

function isQueryable(tx: unknown): tx is Queryable {
  return typeof (tx as Partial<Queryable>).query === "function";
}
