import type { GroupPause } from "../broker/group-pause.js";
import { readStreams } from "../broker/topology.js";
import { type Config, prefixed } from "../config/config.js";
import { typeOf } from "../contract/codec.js";
import { ConfigError, MessagingError } from "../errors.js";
import type { GroupControl, Paused } from "../messaging/group-control.js";
import type { Entry } from "./entry-log.js";
import { AT_ONCE, type Pauses } from "./pauses.js";
import { redriveName, type Store } from "./store.js";

/** The groups of a test's broker, as an operator has them. */
export class OperatorsGroups implements GroupControl {
  readonly #store: Store;
  readonly #config: Pick<Config, "environment" | "service">;

  constructor(store: Store, config: Pick<Config, "environment" | "service">) {
    this.#store = store;
    this.#config = config;
  }

  async pause(...[stream, group, options = {}]: Parameters<GroupControl["pause"]>): ReturnType<GroupControl["pause"]> {
    const { type, until, forSeconds, why, by = this.#config.service } = options;
    const name = this.#found(stream, group);
    const at = this.#store.clock.wall();
    const end = until?.getTime() ?? (forSeconds === undefined ? undefined : at + forSeconds * 1000);
    if (end !== undefined && !(end > at)) throw new ConfigError(["until must be a time to come"]);
    const pause = { type, until: end, at, by, why };
    for (const { pauses } of this.#placesOf(name, group)) pauses.add(pause);
    return { ...shown(name, group, pause), advice: [] };
  }

  async resume(
    ...[stream, group, { type } = {}]: Parameters<GroupControl["resume"]>
  ): ReturnType<GroupControl["resume"]> {
    const name = this.#found(stream, group);
    const [own, ...others] = this.#placesOf(name, group).map(({ pauses }) => pauses);
    const resumed = own?.resume(type).map((pause) => shown(name, group, pause)) ?? [];
    for (const pauses of others) pauses.resume(type);
    const released = [own, ...others].reduce((sum, pauses) => sum + (pauses?.recall() ?? 0), 0);
    return { resumed, released, paused: own?.all.map((pause) => shown(name, group, pause)) ?? [] };
  }

  async retryNow(
    ...[stream, group, { type, id } = {}]: Parameters<GroupControl["retryNow"]>
  ): ReturnType<GroupControl["retryNow"]> {
    const name = this.#found(stream, group);
    const now = this.#store.clock.now();
    const isWanted = ({ fields, ...entry }: Entry): boolean =>
      (type ?? typeOf(fields)) === typeOf(fields) && (id ?? entry.id) === entry.id;
    let count = 0;
    for (const { pauses, streams } of this.#placesOf(name, group)) {
      const groups = streams.flatMap((each) => this.#store.stream(each).group(group) ?? []);
      for (const pending of groups.flatMap(({ parked }) => [...parked])) {
        const { entry, dueAt, pausedType } = pending;
        if (!isWanted(entry) || dueAt <= now || pausedType !== undefined) continue;
        pending.dueAt = AT_ONCE + entry.at;
        count++;
      }
      const held = groups
        .flatMap(({ pending }) => [...pending.values()])
        .filter(({ entry, isKept }) => isKept && isWanted(entry) && !pauses.has(typeOf(entry.fields)));
      if (held.length > 0) pauses.call(type, id);
      count += held.length;
      for (const { due } of groups) due.tell();
    }
    return count;
  }

  /** A group in each partition of its stream, that of the stream's own name first. Mostly there is one. */
  #placesOf(
    stream: string,
    group: string,
  ): readonly { readonly pauses: Pauses; readonly streams: readonly string[] }[] {
    return readStreams(this.#store.topology(stream)).map((partition) => ({
      pauses: this.#store.pauses(partition, group),
      streams: [partition, redriveName(partition, group)],
    }));
  }

  /** @throws {MessagingError} `GROUP_MISSING` */
  #found(stream: string, group: string): string {
    const name = prefixed(this.#config, stream);
    if (this.#store.streams.some((each) => each.name === name && each.group(group) !== undefined)) return name;
    throw new MessagingError("GROUP_MISSING", `there is no group ${group} of ${name}`);
  }
}

function shown(stream: string, group: string, { type, until, at, by, why }: GroupPause): Paused {
  const time = (ms: number | undefined): string | undefined => (ms === undefined ? ms : new Date(ms).toISOString());
  return { stream, group, type, until: time(until), since: time(at), by, why };
}
