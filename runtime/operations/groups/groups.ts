import { readStreams } from "../../broker/topology.js";
import { type Config, prefixed } from "../../config/config.js";
import { unknownOptions } from "../../config/suggest.js";
import { ConfigError } from "../../errors.js";
import type {
  GroupControl,
  PauseOptions,
  PauseResult,
  ResumeResult,
  RetryNowOptions,
} from "../../messaging/group-control.js";
import type { Client } from "../../redis/connection.js";
import { pauseField, pausesIn } from "../../redis/group-pauses.js";
import { pause, recall, resume } from "../../redis/lua/pause.js";
import { readTopology } from "../../redis/topologies.js";
import { askEach, joined, type Seen } from "../ask-each.js";
import type { AtStream, Routes } from "../routes.js";
import { assertEntryId, type Buried, type BuryOptions, buryEntry, checkedBurial, elsewhere } from "./burial.js";
import { findGroup, type GroupPlace, placeIn, placeOf, placesOf, streamsOf } from "./group-place.js";
import { inEach } from "./in-each.js";
import { PAGE, paged } from "./paged.js";
import { adviceFor, type PausedGroup, pausedGroup, shownPause } from "./paused-group.js";
import { retireGroups, retirePlans } from "./retire-partitions.js";
import type { Retired, RetireOptions, RetirePlan } from "./retirement.js";
import { retryAt } from "./retry-at.js";

const LONGEST_TEXT = 500;
/** Some thirty years. */
const LONGEST_MS = 1e12;
/** Of the groups of a stream, those that were served last. */
const MOST_GROUPS = 1000;

/** What an operator does to the groups of a system: pauses and resumes them, has them retry at once, removes them. */
export class Groups implements GroupControl {
  readonly #config: Config;
  readonly #routes: Routes;

  constructor(config: Config, routes: Routes) {
    this.#config = config;
    this.#routes = routes;
  }

  async pause(stream: string, group: string, options: PauseOptions = {}): Promise<PauseResult> {
    const { type, until, forSeconds, why, by = this.#config.service } = checkedPause(options);
    const given = await this.#place(stream, group);
    const at = this.#at("pausing", given);
    const place = await at(given.stream, (client) => findGroup(client, given));
    const times = [until?.getTime() ?? "", forSeconds === undefined ? "" : Math.ceil(forSeconds * 1000)];
    const reason = JSON.stringify({ by, ...(why !== undefined && { why }) });
    const args = [pauseField(type), ...times, reason, LONGEST_MS];
    const [paused] = await inEach(at, await placesOf(at, given), async (client, { keys }) => {
      const done = await pause.run(client, [keys.paused], args);
      if (done === null) throw new ConfigError(["until must be a time to come by Redis' clock, in 30 years at most"]);
      return done;
    });
    const [since, till] = paused as [number, number];
    const advice = await at(given.stream, (client) => adviceFor(client, place, type));
    return { ...shownPause(place, { type, at: since, until: till === 0 ? undefined : till, by, why }), advice };
  }

  async resume(stream: string, group: string, options: { readonly type?: string } = {}): Promise<ResumeResult> {
    assertKnown(options, ["type"]);
    const { type } = options;
    const given = await this.#place(stream, group);
    const at = this.#at("resuming", given);
    const place = await at(given.stream, (client) => findGroup(client, given));
    const places = await placesOf(at, given);
    const field = type === undefined ? "" : pauseField(type);
    const [resumed = []] = await inEach(at, places, (client, { keys }) => resume.run(client, [keys.paused], [field]));
    const released = await eachOf(at, places, (client, { retry, held, paused }) =>
      paged((from) => recall.run(client, [retry, held, paused], [from, PAGE])),
    );
    const { pauses } = await at(given.stream, (client) => pausedGroup(client, place, this.#config.leaseMs));
    return { resumed: pausesIn(resumed).map((each) => shownPause(place, each)), released, paused: pauses };
  }

  /**
   * Lists what is paused, of one stream or of M-ERP's four.
   * @param stream - `events`
   */
  async paused(stream?: string): Promise<readonly PausedGroup[]> {
    const { found, away } = await this.seenPaused(stream);
    if (away !== undefined) throw away;
    return found;
  }

  /**
   * Lists the same, and of which streams and partitions nothing is known because a master of a cluster is away. What is paused is
   * recorded beside the stream itself; what is parked in a partition that cannot be asked is not counted.
   */
  async seenPaused(stream?: string): Promise<Seen<PausedGroup>> {
    if (stream !== undefined) await this.#assertWhole(stream);
    const streams = stream === undefined ? streamsOf(this.#config) : [prefixed(this.#config, stream)];
    const { found, ...rest } = await askEach(this.#routes, streams, (name) => this.#pausedOf(name));
    return joined([{ ...rest, found: [] }, ...found.flat()]);
  }

  /** @param stream - its whole name */
  async #pausedOf(stream: string): Promise<readonly Seen<PausedGroup>[]> {
    const at: AtStream = (each, question) => this.#routes.at(each).ask(`listing what is paused of ${stream}`, question);
    const groups = await at(stream, async (client) => {
      const served = await client.zrange(placeIn(stream, "").keys.groups, `${-MOST_GROUPS}`, "-1");
      const all: PausedGroup[] = [];
      for (const group of served) all.push(await pausedGroup(client, placeIn(stream, group), this.#config.leaseMs));
      return all.filter(({ pauses }) => pauses.length > 0);
    });
    const counted: Seen<PausedGroup>[] = [];
    for (const group of groups) {
      const places = await placesOf(at, group);
      const inOthers = await askEach(
        this.#routes,
        places.map((place) => place.stream),
        (name) => (name === stream ? Promise.resolve(group.held) : this.#heldIn(at, placeIn(name, group.group))),
      );
      counted.push({ ...inOthers, found: [{ ...group, held: sumOf(inOthers.found) }] });
    }
    return counted;
  }

  #heldIn(at: AtStream, place: Omit<GroupPlace, "exists">): Promise<number> {
    return eachOf(at, [place], (client, keys) => client.hlen(keys.held));
  }

  async retryNow(stream: string, group: string, options: RetryNowOptions = {}): Promise<number> {
    assertKnown(options, ["type", "id"]);
    const { type = "", id = "" } = options;
    if (id !== "") assertEntryId(id);
    const given = await this.#place(stream, group);
    const at = this.#at("retrying", given);
    await at(given.stream, (client) => findGroup(client, given));
    const counts = await inEach(at, await placesOf(at, given), (client, place) => retryAt(client, place, { type, id }));
    return sumOf(counts);
  }

  /**
   * Moves an entry to the dead letters that a member of a group has in its hands, or that waits for its retry: one that kills its
   * processes, or whose handler does not end. A member that lives aborts the handler's signal within half a lease and goes on with
   * other messages. Its handler may all the same complete the message, so a redrive may handle it twice. The sender of a command
   * gets an answer only if the handler ends.
   *
   * @param stream - of a stream with partitions the one that holds the entry: `events:3`
   * @throws {MessagingError} `GROUP_MISSING`; `ENTRY_SETTLED` if the entry is not pending in the group, or is in another partition,
   * which the text names
   * @example
   * await using operations = new Operations();
   * await operations.groups.bury("events", "billing-workers", "1700000000000-0", { by: "ada", why: "it kills its process" });
   */
  async bury(stream: string, group: string, id: string, options: BuryOptions = {}): Promise<Buried> {
    const { by = this.#config.service, why } = checkedBurial(id, options);
    const burial = { by, ...(why !== undefined && { why }), maxEntryBytes: this.#config.maxMessageBytes };
    const given = placeOf(this.#config, stream, group);
    const at = this.#at("burying an entry of", given);
    const bury = async (client: Client): Promise<Buried> =>
      buryEntry(client, await findGroup(client, given), id, burial);
    return at(given.stream, bury).catch(async (error: unknown) => {
      const [, ...others] = await placesOf(at, given);
      throw (await elsewhere(at, others, id)) ?? error;
    });
  }

  /**
   * Tells what {@link retire} would remove, and what hinders it.
   * @throws {MessagingError} `GROUP_MISSING`
   */
  async retirePlan(stream: string, group: string): Promise<RetirePlan> {
    const given = await this.#place(stream, group);
    return retirePlans(this.#at("examining", given), given, this.#config.leaseMs);
  }

  /**
   * Removes a group that is no longer needed, with all that belongs to it, so that its stream is trimmed without it. If it is cut
   * off, repeat it. A member of the group that starts afterwards creates it as a new group.
   *
   * @throws {MessagingError} `GROUP_MISSING`; `GROUP_IN_USE` while a member is alive, or if something would be lost that the
   * options do not give up
   */
  async retire(stream: string, group: string, options: RetireOptions = {}): Promise<Retired> {
    assertKnown(options, ["deadLetters", "force", "by"]);
    const { leaseMs, service } = this.#config;
    const given = await this.#place(stream, group);
    return retireGroups(this.#at("retiring", given), given, { by: service, ...options, leaseMs });
  }

  /** What is done to a group is done in all partitions of its stream. @throws {ConfigError} it is one of them */
  async #place(stream: string, group: string): Promise<Omit<GroupPlace, "exists">> {
    const place = placeOf(this.#config, stream, group);
    await this.#assertWhole(stream);
    return place;
  }

  async #assertWhole(stream: string): Promise<void> {
    const [, whole] = /^(.+):[1-9]\d{0,4}$/.exec(stream) ?? [];
    if (whole === undefined) return;
    const [name, partition] = [prefixed(this.#config, whole), prefixed(this.#config, stream)];
    const topology = await this.#routes.at(name).ask(`looking at ${name}`, (client) => readTopology(client, name));
    if (!readStreams(topology).includes(partition)) return;
    throw new ConfigError([
      `${stream} is a partition of ${whole}: name ${whole}, and it is done in all of its partitions`,
    ]);
  }

  #at(what: string, { group }: Pick<GroupPlace, "group">): AtStream {
    return (stream, question) => this.#routes.at(stream).ask(`${what} ${group} of ${stream}`, question);
  }
}

/** The sum over a group, in each partition of its stream, and what was redriven to it. */
async function eachOf(
  at: AtStream,
  places: readonly Omit<GroupPlace, "exists">[],
  work: (client: Client, keys: GroupPlace["keys"]) => Promise<number>,
): Promise<number> {
  const counts = await inEach(
    at,
    places,
    async (client, { keys, redriven }) => (await work(client, keys)) + (await work(client, redriven)),
  );
  return sumOf(counts);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function checkedPause(options: PauseOptions): PauseOptions {
  const { type, until, forSeconds, why, by } = options;
  const isText = (text: unknown): boolean => typeof text === "string" && text !== "" && text.length <= LONGEST_TEXT;
  const problems = [
    ...unknownOptions(options, ["type", "until", "forSeconds", "why", "by"]),
    ...Object.entries({ type, why, by })
      .filter(([, text]) => text !== undefined && !isText(text))
      .map(([name]) => `${name} must be a text of 1 to ${LONGEST_TEXT} characters`),
    ...(until !== undefined && !(until instanceof Date && Number.isFinite(until.getTime()))
      ? ["until must be a Date"]
      : []),
    ...(forSeconds !== undefined && !(forSeconds > 0 && forSeconds * 1000 <= LONGEST_MS)
      ? [`forSeconds must be a number of seconds above 0, up to ${LONGEST_MS / 1000}`]
      : []),
    ...(until !== undefined && forSeconds !== undefined ? ["give either until or forSeconds, not both"] : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return options;
}

function assertKnown(options: object, known: readonly string[]): void {
  const problems = unknownOptions(options, known);
  if (problems.length > 0) throw new ConfigError(problems);
}
