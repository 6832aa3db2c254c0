import type { Answers } from "../broker/broker.js";
import { placeIn } from "../broker/topology.js";
import { ClosedError, ConnectionError, MessageTooLargeError } from "../errors.js";
import { Pause } from "../time/pause.js";
import type { Client } from "./connection.js";
import type { ConnectionPool } from "./connection-pool.js";
import { findAnswer, tooLarge } from "./find-answer.js";
import type { HeartbeatParts } from "./heartbeat-thread.js";
import { answerKey, streamKeys } from "./keys.js";
import { answered } from "./lua/answer.js";
import { isRefusal } from "./reply.js";
import { sendAnswer } from "./send-answer.js";
import type { Topologies } from "./topologies.js";

/** The stored answers of commands. */
export class RedisAnswers implements Answers {
  readonly #parts: HeartbeatParts;
  readonly #pool: ConnectionPool;
  readonly #topologies: Topologies;

  constructor(parts: HeartbeatParts, pool: ConnectionPool, topologies: Topologies) {
    this.#parts = parts;
    this.#pool = pool;
    this.#topologies = topologies;
  }

  find(stream: string, commandId: string): Promise<string | null> {
    const topology = this.#topologies.known(stream);
    const place = topology === undefined ? stream : placeIn(topology, { messageId: commandId });
    const { maxMessageBytes } = this.#parts.config;
    const find = (client: Client): Promise<string | null> =>
      findAnswer(client, answerKey(place, commandId), maxMessageBytes);
    return this.#pool.route("publish", place).ask("looking for an answer", find);
  }

  failure(): ReturnType<Answers["failure"]> {
    const connections = [...this.#pool.existing("subscribe"), ...this.#pool.existing("publish")];
    return connections.map(({ problem }) => problem).find(Boolean);
  }

  /** A command that cannot be checked has not been tried: it waits, and no attempt is used up. */
  async check(...[stream, commandId, givenUpAt, waiting]: Parameters<Answers["check"]>): Promise<string | null> {
    const settle = this.#pool.route("settle", stream);
    const { maxMessageBytes } = this.#parts.config;
    for (let failures = 0; ; failures++) {
      try {
        // Reading a handler's signal creates it.
        const client = settle.isReady ? settle.client : await settle.ready(waiting.signal);
        const found = await answered.run(client, [answerKey(stream, commandId)], [givenUpAt, maxMessageBytes]);
        if (typeof found === "number") throw tooLarge(found, maxMessageBytes);
        return found;
      } catch (error) {
        if (isFinal(error)) throw error;
        const pause = new Pause(waiting.signal, this.#parts.clock, this.#parts.hooks.trouble);
        if (!(await pause.afterFailure(failures, "looking for an answer", error))) throw error;
      }
    }
  }

  async give(given: Parameters<Answers["give"]>[0]): Promise<void> {
    const { group } = this.#parts.config;
    const settle = this.#pool.route("settle", given.stream);
    await settle.ready();
    const refused = await sendAnswer(settle, streamKeys(given.stream, group), group, { given, id: "" });
    if (refused !== undefined) throw refused;
  }
}

/** Whether to ask again does not help. */
function isFinal(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.code !== "REDIS_UNAVAILABLE";
  return error instanceof ClosedError || error instanceof MessageTooLargeError || isRefusal(error);
}
