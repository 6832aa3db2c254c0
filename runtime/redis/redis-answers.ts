import type { Answers } from "../broker/broker.js";
import type { Answer } from "../broker/delivery.js";
import type { ConnectionPool } from "./connection-pool.js";
import { answerKey } from "./keys.js";
import { answer, answered } from "./lua/answer.js";

/** The answers to commands, stored in Redis and sent over Pub/Sub. */
export class RedisAnswers implements Answers {
  readonly #pool: ConnectionPool;

  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  async find(stream: string, commandId: string): Promise<string | null> {
    const client = await this.#pool.get("publish").ready();
    return client.get(answerKey(stream, commandId));
  }

  async check(
    stream: string,
    commandId: string,
    givenUpAt: number,
    waiting: { readonly signal: AbortSignal },
  ): Promise<string | null> {
    const connection = this.#pool.get("settle");
    // Reading a handler's signal creates it.
    const client = connection.isReady ? connection.client : await connection.ready(waiting.signal);
    return answered.run(client, [answerKey(stream, commandId)], [givenUpAt]);
  }

  async give({ stream, commandId, text, keepMs, replyTo }: Answer): Promise<void> {
    const client = await this.#pool.get("settle").ready();
    const key = answerKey(stream, commandId);
    // Without an entry id the script uses only the first key.
    await answer.run(client, [key, key, key], [text, keepMs, replyTo, "", ""]);
  }
}
