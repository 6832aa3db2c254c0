import { ConnectionError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { Hooks } from "./hooks.js";
import { Incidents, type Sameness } from "./incidents.js";
import { type Level, type Logger, writerOf } from "./logger.js";
import { shown } from "./shown.js";

/** So many messages that one cause keeps from being handled or published have a line each, before they are only counted. */
const MOST_LOST = 10;

/** What an operator may paste into a shell: anyone who may publish chooses the id of a message. */
const HARMLESS = /^[\w.:][\w.:-]{0,199}$/;

/** No date is later. */
const LAST_MS = 8.64e15;

export interface LoggingPlace {
  readonly service: string;
  /** With which the names of streams begin in Redis. The commands of merp take them without it. */
  readonly prefix: string;
}

/** The hooks that write an operator's log: one line an incident, and of one that repeats one in half a minute. */
export function loggingHooks(logger: Logger, place: LoggingPlace, clock: Clock): Hooks {
  const { service, prefix } = place;
  const write = writerOf(logger);
  const incidents = new Incidents(clock, ({ level, details, text }) => write(level, details, text));
  const say = (level: Level, text: string, details: object, same: Partial<Sameness> = {}): void =>
    incidents.tell({ level, text, details: { service, ...details } }, { kind: text, key: "", most: 1, ...same });
  const outage = new Outage(clock);
  let createdOn: readonly string[] = [];
  return {
    started: (info) => {
      write("info", { service, ...info, ...(createdOn.length > 0 && { createdOn }) }, "started");
      createdOn = [];
    },
    stopped: (info) => write("info", { service, ...info }, "stopped"),
    closed: () => incidents.tellAll(),
    disconnected: ({ role, error: err }) => {
      if (outage.begins(role)) say("warn", "lost the connection to Redis; reconnecting", { role, err });
    },
    connected: ({ role, again }) => {
      const awayMs = again ? outage.ends(role) : undefined;
      if (awayMs !== undefined) say("warn", "connected to Redis again", { role, awayMs });
    },
    failedOver: (info) => say("warn", "another node serves a stream", info, { key: info.stream }),
    historyLost: (info) =>
      say("error", "a stream has lost its end: publish again what was published since", info, { key: info.stream }),
    publishFailed: ({ error: err, reported, ...info }) => {
      // Otherwise the caller has the error.
      const sameness = { key: causeOf(info.type, err), most: MOST_LOST };
      if (reported) say("error", "a message was not published", { ...info, err }, sameness);
    },
    outboxRefused: ({ error: err, ...info }) => {
      const hint = commands(["outbox show", info.place]);
      const sameness = { key: causeOf(info.type, err), most: MOST_LOST };
      say(
        "error",
        "a message of the outbox cannot be published; it waits for an operator",
        { ...info, err, hint },
        sameness,
      );
    },
    handlerFailed: ({ error: err, delayMs, type, attempt, maxAttempts, ...place }) => {
      // The line of the dead letter has the error.
      if (delayMs === undefined) return;
      const nextAttemptAt = new Date(Math.min(LAST_MS, clock.wall() + delayMs)).toISOString();
      const details = { type, err, attempt, maxAttempts, nextAttemptAt, ...place };
      say("warn", "a handler failed; the message is tried again", details, { key: causeOf(type, err) });
    },
    deadLettered: ({ error: err, type, attempt, letterId, ...place }) => {
      const hint = commands(["dead-letters show", letterId], ["explain", place.messageId]);
      const sameness = { key: causeOf(type, err), most: MOST_LOST };
      say(
        "error",
        "an entry was moved to the dead letters",
        { type, err, hint, attempt, letterId, ...place },
        sameness,
      );
    },
    groupUnserved: ({ expired, ...info }) => {
      const { stream, group, policy } = info;
      const what = expired
        ? "was destroyed"
        : policy === "keep"
          ? "keeps its stream growing"
          : "may have publishes refused";
      const name = stream.startsWith(prefix) ? stream.slice(prefix.length) : stream;
      const hint = expired ? undefined : commands(["group retire", name, group]);
      say("warn", `a group that nobody serves ${what}`, { ...info, hint }, { key: `${stream} ${group}` });
    },
    entriesMissed: (info) =>
      say("error", "entries were removed by others before this group read them", info, { key: placeOf(info) }),
    deadLettersRemoved: (info) =>
      say("error", "open dead letters were removed: they were too old, or too many", info, { key: placeOf(info) }),
    evictionPossible: (info) =>
      say("warn", "Redis may evict streams and groups: set maxmemory-policy noeviction", info),
    recovered: (info) => say("warn", "took over the entries of a consumer that died", info, { key: placeOf(info) }),
    overtaken: (info) =>
      say("warn", "others took entries that are handled here: they may be handled twice at once", info, {
        key: placeOf(info),
      }),
    groupCreated: ({ again, ...info }) => {
      if (isRedrive(info.stream)) return;
      if (again) say("warn", "a consumer group was gone and has been created again", info, { key: placeOf(info) });
      else createdOn = [...createdOn, info.stream];
    },
    paused: (info) =>
      say("warn", `an operator has paused ${whatOf(info)}`, info, { key: `${placeOf(info)} ${info.type}` }),
    resumed: (info) =>
      say("warn", `${whatOf(info)} is no longer paused`, info, { key: `${placeOf(info)} ${info.type}` }),
    trouble: ({ what, error: err, ...ids }) => {
      // The line of the lost connection tells it, or that of the group when it has been created again.
      const told = shown(err);
      if ((outage.isOn && BROKEN_LINK.test(told)) || WITHOUT_GROUP.test(told)) return;
      // Of a Redis that is away, each part of a service has the same to say.
      const key = err instanceof ConnectionError ? told : `${what} ${told}`;
      say("warn", `${what} failed; trying again`, { ...ids, err }, { kind: "trouble", key });
    },
  };
}

/** The connections that are lost. They all lead to one Redis: the first that is lost stands for them, until all are back. */
class Outage {
  readonly #clock: Clock;
  readonly #lost = new Set<string>();
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#lost.size > 0;
  }

  /** Whether this one is the first. */
  begins(role: string): boolean {
    if (this.#lost.size === 0) this.#since = this.#clock.now();
    return this.#lost.add(role).size === 1;
  }

  /** How long it has lasted, in ms, if this one was the last. */
  ends(role: string): number | undefined {
    const isOver = this.#lost.delete(role) && this.#lost.size === 0;
    return isOver ? Math.round(this.#clock.now() - this.#since) : undefined;
  }
}

/** What the driver throws for a command that is under way when its connection is lost, or sent at that moment. */
const BROKEN_LINK = /^"(?:MaxRetriesPerRequestError: |Error: Connection is closed\.|Error: Stream isn't writeable)/;
const WITHOUT_GROUP = /^"ReplyError: NOGROUP /;

/** Whether a stream holds what was redriven to one group. Its group comes and goes with that of the stream itself. */
function isRedrive(stream: string): boolean {
  return stream.includes("}:redrive:");
}

function causeOf(what: string | undefined, error: unknown): string {
  return `${what} ${shown(error)}`;
}

function whatOf({ type }: { readonly type: string | undefined }): string {
  return type === undefined ? "the group" : "a type of the group";
}

function placeOf({ stream, group }: { readonly stream: string; readonly group: string }): string {
  return `${stream} ${group}`;
}

/** The commands that an operator may paste. One that lacks a name, or has one that a shell would obey, is left out. */
function commands(...list: readonly (readonly (string | undefined)[])[]): string | undefined {
  const safe = list.filter(([, ...names]) => names.every((name) => HARMLESS.test(name ?? "")));
  return safe.length === 0 ? undefined : safe.map((words) => `merp ${words.join(" ")}`).join("; ");
}
