import type { Delivery, Outcome } from "../../broker/delivery.js";
import { prefixed } from "../../config/config.js";
import { unknownOptions } from "../../config/suggest.js";
import { typeOf } from "../../contract/codec.js";
import { ConfigError, MessagingError } from "../../errors.js";
import { Dispatcher } from "../../handle/dispatcher.js";
import { type ReplayParts, replayPartsOf } from "../../handle/replayable.js";
import type { StreamRoutes } from "../../handle/router.js";
import { withoutContext } from "../../messaging/correlation.js";
import { HookBus } from "../../messaging/hooks.js";
import { Replaying, type ReplayPublishing, whileReplaying } from "../../messaging/replaying.js";
import { Pause } from "../../time/pause.js";
import { type Checkpoint, fileCheckpoint } from "./checkpoint.js";
import { ReplayError, type ReplayFailure, type ReplayProgress, type ReplayReport, Tally } from "./replay-report.js";
import { routesOf, SilentResponding } from "./replay-routes.js";
import { boundOf, type ReplayedEntry, type ReplaySource, streamSource } from "./replay-source.js";

/** What to handle again, and how. */
export interface ReplayOptions {
  /** The stream, without the environment's prefix. @defaultValue the only one of which messages are handled */
  readonly stream?: string;
  /** What to replay instead of a stream, such as a file. */
  readonly source?: ReplaySource;
  /** The first message: an entry's id, a date, or a time as text. @defaultValue the oldest that the stream holds */
  readonly from?: string | Date;
  /** The last message. @defaultValue the newest that the stream holds when the replay begins */
  readonly until?: string | Date;
  /** Only messages of these types. @defaultValue all that have a handler */
  readonly types?: readonly string[];
  /** Only messages for which this returns `true`, after the handlers' own filters. */
  readonly where?: (message: never) => boolean;
  /** How many messages a second are handled at most. @defaultValue as many as the handlers can */
  readonly rate?: number;
  /**
   * A file that keeps how far the replay has come, or a place of your own. Where it has a position, the replay goes on behind
   * that, whatever `from` and `until` say, up to the message that was the last when it began. @defaultValue none
   */
  readonly checkpoint?: string | Checkpoint;
  /** Only count what would be handled: no handler and no interceptor runs, and no checkpoint is written. @defaultValue false */
  readonly dryRun?: boolean;
  /** What becomes of what handlers publish. @defaultValue "refuse" */
  readonly publishes?: ReplayPublishing;
  /** Also run the handlers of commands: what was asked for once is done again. No answer is sent. @defaultValue false */
  readonly includeCommands?: boolean;
  /** Go on after a message whose handler fails. @defaultValue false */
  readonly keepGoing?: boolean;
  /** Ends the replay after the present message. */
  readonly signal?: AbortSignal;
  /** Called after each message. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}

const OPTIONS: { readonly [Name in keyof ReplayOptions]-?: true } = {
  ...{ stream: true, source: true, from: true, until: true, types: true, where: true, rate: true, checkpoint: true },
  ...{ dryRun: true, publishes: true, includeCommands: true, keepGoing: true, signal: true, onProgress: true },
};

/** The position is kept at least so often. */
const SAVED_EVERY_MS = 1000;

/**
 * Runs a service's own handlers again, over messages that a stream still holds: one at a time, in their order, with filters,
 * upcasters, interceptors and the handler's time limit. Nobody else notices: no group is touched, nothing is acknowledged,
 * trimmed, retried or answered, and the hooks are not called. Handlers see `context.replay`. Register them before; the messaging
 * need not be started.
 *
 * With a `checkpoint`, a replay that ended early, or whose process died, goes on where it was: each message is handled at
 * least once, and those since the last position, up to a second of them, again.
 *
 * @throws {ReplayError} a handler failed, with `keepGoing` at the end: `report` says which messages
 * @throws {ConfigError} a handler, an option or the checkpoint is not as it should be; nothing was handled
 * @throws {ConnectionError} Redis cannot be reached
 * @example
 * onUserCreated(messaging, ({ entity_id }) => console.log(entity_id));
 * await replay(messaging, { stream: "events", from: "2026-05-01T00:00:00Z", checkpoint: "./users.replay.json" });
 */
export async function replay(messaging: object, options: ReplayOptions = {}): Promise<ReplayReport> {
  const parts = replayPartsOf(messaging);
  const unknown = unknownOptions(options, Object.keys(OPTIONS));
  if (unknown.length > 0) throw new ConfigError(unknown);
  if (parts === undefined) throw new ConfigError(["replay takes a messaging that createMessaging() returned"]);
  const { rate = Number.POSITIVE_INFINITY } = options;
  if (!(rate > 0)) throw new ConfigError([`rate must be greater than 0, got ${rate}`]);
  return new Replay(parts, options).run();
}

class Replay {
  readonly #parts: ReplayParts;
  readonly #options: ReplayOptions;
  readonly #routes: ReadonlyMap<string, StreamRoutes>;
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #hooks = new HookBus();
  readonly #replaying: Replaying;
  readonly #handling = new AbortController();
  readonly #tally = new Tally();
  #error: unknown;

  constructor(parts: ReplayParts, options: ReplayOptions) {
    const { types, where, includeCommands = false, dryRun = false, publishes = "refuse" } = options;
    this.#parts = parts;
    this.#options = options;
    this.#routes = routesOf(parts, { types, where, includeCommands, dryRun });
    this.#replaying = new Replaying(publishes);
  }

  async run(): Promise<ReplayReport> {
    const { clock } = this.#parts;
    const { keepGoing = false, signal, onProgress, dryRun = false } = this.#options;
    const source = this.#source();
    const kept = this.#checkpoint();
    const selection = this.#selectionOf(source);
    const known = await kept?.load();
    if (known !== undefined && known.selection !== selection) {
      const text = `the checkpoint is that of another replay, ${known.selection}: name another file, or delete it`;
      throw new ConfigError([text]);
    }
    const end = known?.end ?? (await source.end());
    const save = async (): Promise<void> => {
      const { position } = this.#tally;
      if (position !== undefined && !dryRun) await kept?.save({ selection, position, end });
    };
    let savedAt = clock.now();
    let isStopped = false;
    try {
      for await (const next of source.after(known?.position, end)) {
        isStopped = signal?.aborted === true || !(await this.#pace());
        if (isStopped) break;
        const failure = await this.#handle(next);
        // The position stays before a message that stops the replay: it is handled again.
        if (failure !== undefined && !keepGoing) break;
        this.#tally.position = next.position;
        onProgress?.(this.#tally.progress(source.share?.(next.position)));
        if (clock.now() - savedAt < SAVED_EVERY_MS) continue;
        await save();
        savedAt = clock.now();
      }
      const isComplete = !isStopped && (keepGoing || this.#tally.failed === 0);
      if (!isComplete) await save();
      else if (!dryRun) await kept?.clear();
      const report = this.#tally.report(isComplete ? "completed" : isStopped ? "stopped" : "failed", this.#replaying);
      if (this.#tally.failed > 0) throw new ReplayError(report, this.#error);
      return report;
    } finally {
      for (const dispatcher of this.#dispatchers.values()) dispatcher.stop();
    }
  }

  #source(): ReplaySource {
    const { stream, source, from, until } = this.#options;
    const bounds = { from: boundOf(from, "from"), until: boundOf(until, "until") };
    const streams = [...this.#routes.keys()];
    if (streams.length === 0) throw new ConfigError(["no handler is registered for what is to be replayed"]);
    if (source !== undefined) return source;
    const [only] = streams;
    if (stream === undefined && streams.length > 1) {
      throw new ConfigError([`messages of several streams are handled: name one as stream, ${streams.join(" or ")}`]);
    }
    const named = stream ?? (only as string);
    if (!this.#routes.has(named)) {
      throw new ConfigError([
        `no handler takes messages of the stream ${named}; there are some of ${streams.join(", ")}`,
      ]);
    }
    const { broker, config } = this.#parts;
    return streamSource(broker.log(prefixed(config, named)), named, bounds);
  }

  #checkpoint(): Checkpoint | undefined {
    const { checkpoint } = this.#options;
    return typeof checkpoint === "string" ? fileCheckpoint(checkpoint) : checkpoint;
  }

  #selectionOf({ name }: ReplaySource): string {
    const { types, includeCommands = false } = this.#options;
    const { service, environment } = this.#parts.config;
    return JSON.stringify({ service, environment, source: name, types, includeCommands });
  }

  /** Waits for the turn of the next message. `false` when the replay is to end. */
  #pace(): Promise<boolean> {
    const { rate, signal = this.#handling.signal } = this.#options;
    if (rate === undefined) return Promise.resolve(true);
    return new Pause(signal, this.#parts.clock, () => {}).for(1000 / rate);
  }

  async #handle({ stream, entry, position }: ReplayedEntry): Promise<ReplayFailure | undefined> {
    const routes = this.#routes.get(stream);
    const type = typeOf(entry.fields);
    if (routes === undefined) return this.#tally.skipped();
    const dispatcher = this.#dispatcherOf(routes);
    const before = this.#hooks.counts.handled;
    this.#replaying.refused = [];
    const outcome = await this.#dispatched(dispatcher, { ...entry, attempt: 1 });
    const [refused] = this.#replaying.refused;
    const error =
      outcome.kind === "retry" || outcome.kind === "dead"
        ? outcome.error
        : refused === undefined
          ? undefined
          : new MessagingError("PUBLISH_FAILED", `the handler would publish or send ${refused}, and went on without`);
    if (error !== undefined) {
      this.#error ??= error;
      return this.#tally.failedWith({ stream, entryId: entry.id, position, type, error });
    }
    if (this.#hooks.counts.handled === before) return this.#tally.skipped();
    return this.#tally.handledOf(type ?? "health");
  }

  #dispatched(dispatcher: Dispatcher, delivery: Delivery): Promise<Outcome> {
    return new Promise((resolve) => {
      withoutContext(() =>
        whileReplaying(this.#replaying, () => {
          const outcome = dispatcher.dispatch(delivery, (_, ended) => resolve(ended));
          if (outcome !== undefined) resolve(outcome);
        }),
      );
    });
  }

  #dispatcherOf(routes: StreamRoutes): Dispatcher {
    const known = this.#dispatchers.get(routes.stream);
    if (known !== undefined) return known;
    const { config, clock, chain, sealing } = this.#parts;
    const { group, handlerTimeoutMs, maxMessageBytes, maxRetries, retryDelayMs: delayMs } = config;
    const place = {
      ...({
        stream: prefixed(config, routes.stream),
        group,
        consumer: "replay",
        redriven: true,
        isReplay: true,
      } as const),
      ...{ handling: this.#handling.signal, handlerTimeoutMs, maxMessageBytes, retry: { maxRetries, delayMs } },
    };
    const around = this.#options.dryRun === true ? undefined : chain;
    const parts = { responding: new SilentResponding(around), chain: around, sealing, clock, hooks: this.#hooks };
    const dispatcher = new Dispatcher(place, routes, parts);
    this.#dispatchers.set(routes.stream, dispatcher);
    return dispatcher;
  }
}
