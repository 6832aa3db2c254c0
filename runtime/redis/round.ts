import type { Client } from "./connection.js";
import type { Script } from "./lua/script.js";
import { isRefusal, isReply } from "./reply.js";

type Taker = (error: Error | null, reply: unknown) => void;

/**
 * Questions that are sent to Redis at once and answered in one round trip. What Redis refuses is `undefined`: the command is
 * not allowed, the key is of another type, there is no such group.
 */
export class Round {
  readonly #pipeline: ReturnType<Client["pipeline"]>;
  readonly #takers: Taker[] = [];
  readonly #rounds: Rounds;

  constructor(client: Client, rounds: Rounds) {
    this.#pipeline = client.pipeline();
    this.#rounds = rounds;
  }

  ask<Reply>(command: string, ...args: readonly (string | number)[]): Promise<Reply | undefined> {
    // By a name in small letters the client knows the form of the reply, which is another one in each protocol.
    this.#pipeline.call(command.toLowerCase(), ...args.map(String));
    return new Promise((resolve) => {
      this.#takers.push((error, reply) => {
        if (error !== null && isReply(error, "NOPERM")) this.#rounds.refused.add(refusedIn(error, command));
        resolve(error === null ? (reply as Reply) : undefined);
      });
    });
  }

  /** Whether scripts were allowed, as far as one was tried. */
  get mayRunScripts(): boolean {
    return !this.#rounds.refused.has("EVAL_RO");
  }

  /** Runs a script that only reads. Its texts are texts. */
  run<Reply>(
    script: Script<Reply>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply | undefined> {
    // Redis knows the text when it comes to the second, because it answers in order.
    const { lua, digest = "" } = script;
    const isKnown = this.#rounds.known.has(digest);
    this.#rounds.known.add(digest);
    const [command, text] = isKnown ? ["EVALSHA_RO", digest] : ["EVAL_RO", lua];
    return this.ask(command, text, keys.length, ...keys, ...args);
  }

  /** @throws what the driver throws, and what Redis replies when it cannot answer now */
  async send(): Promise<void> {
    if (this.#takers.length === 0) return;
    const replies = (await this.#pipeline.exec()) ?? [];
    for (const [error] of replies) if (error && !isRefusal(error)) throw error;
    for (const [at, take] of this.#takers.entries()) take(...(replies[at] ?? [new Error("no reply"), undefined]));
  }
}

/** Round trips to Redis, one after the other. */
export class Rounds {
  /** The commands that this user may not run. */
  readonly refused: Set<string> = new Set();
  /** The scripts that Redis knows. */
  readonly known: Set<string> = new Set();
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Sends what is asked before anything is awaited. */
  async ask<Answer>(question: (round: Round) => Promise<Answer>): Promise<Answer> {
    const round = new Round(this.#client, this);
    const answer = question(round);
    // It is awaited below, unless there is no answer at all.
    answer.catch(() => {});
    await round.send();
    return answer;
  }
}

/** `User x has no permissions to run the 'xinfo|groups' command`, or to access a key. */
function refusedIn({ message }: Error, command: string): string {
  return /'([\w|]+)' command/.exec(message)?.[1]?.toUpperCase() ?? command.toUpperCase();
}
