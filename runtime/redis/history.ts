import type { Take } from "../broker/delivery.js";
import { comesBefore } from "../broker/entry-id.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import { greatestId } from "./greatest-id.js";
import { lossKey } from "./keys.js";
import { raise } from "./lua/raise.js";
import { isReply } from "./reply.js";

/** For how long those who were cut off hear of a loss that another process has seen first. */
const RECORDED_MS = 600_000;
/** No clock of a master is so far behind. An id beyond is not the new master's fault, and would spoil the stream. */
const MOST_AHEAD_MS = 3_600_000;

interface Known {
  /** The greatest id that this process was given there. */
  id: string;
  /** What {@link History.changes} was when it was learned. */
  change: number;
  /** The node that served it when a connection was made last; empty before that, and for one Redis, which stays where it is. */
  node: string;
}

/** Takes notice of the ids that Redis gives. */
export type Noting = Pick<History, "changes" | "given">;

/**
 * What this process knows of streams: the greatest id that it was given of each. Replication is behind, so a replica that takes the
 * place of its master may lack the end of what that had; so may a Redis that starts from older data. Whoever connects again compares.
 */
export class History {
  readonly #hooks: HookBus;
  readonly #known = new Map<string, Known>();
  /** The node of each connection's last session. */
  readonly #nodes = new WeakMap<Connection, string>();
  /** The greatest id of each stream whose loss was told. */
  readonly #told = new Map<string, string>();
  #changes = 0;

  constructor(hooks: HookBus) {
    this.#hooks = hooks;
  }

  /** How often it has learned a greater id. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * An entry has this id. Replies of several connections do not come in the order of their ids, and what is published once more has
   * the id of its first attempt: so it counts only where it is greater than what is known.
   *
   * @param since - the {@link changes} before an entry was sent that is new: what was known then is less than its id, unless a new
   * stream has taken the name
   */
  given(stream: string, id: string, since = 0): void {
    const known = this.#known.get(stream);
    if (known === undefined) this.#known.set(stream, { id, change: ++this.#changes, node: "" });
    else if (comesBefore(known.id, id) || known.change <= since) {
      known.id = id;
      known.change = ++this.#changes;
    }
  }

  /** The same source of a stream's entries, of which it takes notice. */
  watching(stream: string, source: EntrySource): EntrySource {
    const noting =
      (take: Take): Take =>
      (deliveries) => {
        const last = deliveries.at(-1)?.id;
        if (last !== undefined) this.given(stream, last);
        take(deliveries);
      };
    return { read: (count, take) => source.read(count, noting(take)), interrupt: () => source.interrupt() };
  }

  /**
   * A connection is ready. Its questions leave before whatever waits for it, so that nothing is published before ids are raised.
   *
   * @param serves - whether a stream is served over this connection
   */
  connected(connection: Connection, again: boolean, serves: (stream: string) => boolean): void {
    const { node } = connection;
    const former = this.#nodes.get(connection) ?? "";
    this.#nodes.set(connection, node);
    for (const [stream, known] of this.#known) {
      if (!serves(stream)) continue;
      const from = known.node || former;
      known.node = node;
      if (from !== "" && node !== from) this.#hooks.emit("failedOver", { stream, from, to: node });
      if (again) void this.#compare(connection, stream, known);
    }
  }

  async #compare(connection: Connection, stream: string, known: Known): Promise<void> {
    const to = known.id;
    try {
      const [from, refusal] = await lossOf(connection, stream, to);
      // Another connection may have told it meanwhile, and further entries may have been given ids.
      if (from === undefined || this.#told.get(stream) === to) return;
      this.#told.set(stream, to);
      this.#hooks.emit("historyLost", { stream, from, to });
      if (refusal !== undefined) {
        const what = `raising the ids of ${stream} above those of the lost entries (it takes the right +xsetid)`;
        this.#hooks.trouble(what, refusal);
      }
    } catch (error) {
      // A link that breaks again is followed by another comparison.
      if ((error as Error).name === "ReplyError") this.#hooks.trouble(`comparing the end of ${stream}`, error);
    }
  }
}

/** After which id a stream has lost what it had, and why its ids could not be raised. */
type Loss = readonly [from: string | undefined, refusal?: Error];

async function lossOf({ client }: Connection, stream: string, known: string): Promise<Loss> {
  try {
    const [from, refusal] = await raise.run(client, [stream, lossKey(stream)], [known, RECORDED_MS, MOST_AHEAD_MS]);
    return refusal === undefined ? [from] : [from, new Error(refusal)];
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
    // Who may not run scripts is told all the same.
    const last = await greatestId(client, stream);
    return comesBefore(last, known) ? [last, error as Error] : [undefined];
  }
}
