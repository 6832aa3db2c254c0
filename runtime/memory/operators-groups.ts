import type { GroupPause } from "../broker/group-pause.js";
import { type Config, prefixed } from "../config/config.js";
import { typeOf } from "../contract/codec.js";
import { ConfigError, MessagingError } from "../errors.js";
import type { GroupControl, Paused } from "../messaging/group-control.js";
import type { Entry } from "./entry-log.js";
import { AT_ONCE } from "./pauses.js";
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
    this.#store.pauses(name, group).add(pause);
    return { ...shown(name, group, pause), advice: [] };
  }

  async resume(
    ...[stream, group, { type } = {}]: Parameters<GroupControl["resume"]>
  ): ReturnType<GroupControl["resume"]> {
    const name = this.#found(stream, group);
    const pauses = this.#store.pauses(name, group);
    const resumed = pauses.resume(type).map((pause) => shown(name, group, pause));
    const released = pauses.recall();
    return { resumed, released, paused: pauses.all.map((pause) => shown(name, group, pause)) };
  }

  async retryNow(
    ...[stream, group, { type, id } = {}]: Parameters<GroupControl["retryNow"]>
  ): ReturnType<GroupControl["retryNow"]> {
    const name = this.#found(stream, group);
    const now = this.#store.clock.now();
    const pauses = this.#store.pauses(name, group);
    let [count, held] = [0, 0];
    const isWanted = ({ fields, ...entry }: Entry): boolean =>
      (type ?? typeOf(fields)) === typeOf(fields) && (id ?? entry.id) === entry.id;
    for (const each of [name, redriveName(name, group)]) {
      const found = this.#store.stream(each).group(group);
      for (const pending of found?.parked ?? []) {
        const { entry, dueAt, pausedType } = pending;
        if (!isWanted(entry) || dueAt <= now || pausedType !== undefined) continue;
        pending.dueAt = AT_ONCE + entry.at;
        count++;
      }
      for (const { entry, isKept } of found?.pending.values() ?? []) {
        const isPaused = pauses.all.some((pause) => pause.type !== undefined && pause.type === typeOf(entry.fields));
        if (isKept && !isPaused && isWanted(entry)) held++;
      }
      found?.due.tell();
    }
    if (held > 0) pauses.call(type, id);
    return count + held;
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
