import { systemClock } from "../time/clock.js";
import type { Client } from "./connection.js";
import { type Script, timely } from "./lua/script.js";
import { instantIn } from "./redis-clock.js";
import { isRefusal, isReply } from "./reply.js";

type Taker = (error: Error | null, reply: unknown) => void;

interface Question {
  readonly command: string;
  readonly args: readonly (string | number)[];
  /** One that copies entries ends with the moment after which Redis leaves it for the next round trip. */
  readonly isTimely: boolean;
  readonly take: Taker;
}

/** After that Redis leaves what is left of a round trip's scripts for the next one, and serves others in between. */
const LONGEST_MS = 250;

/**
 * Questions that are sent to Redis at once and answered in one round trip, or in several where a stream's entries are so large that
 * copying them takes long. What Redis refuses is `undefined`: the command is not allowed, the key is of another type, there is no
 * such group.
 */
export class Round {
  readonly #client: Client;
  readonly #questions: Question[] = [];
  readonly #rounds: Rounds;

  constructor(client: Client, rounds: Rounds) {
    this.#client = client;
    this.#rounds = rounds;
  }

  ask<Reply>(command: string, ...args: readonly (string | number)[]): Promise<Reply | undefined> {
    return this.#ask(command, args, false);
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
    const { lua, digest } = timely(script);
    const isKnown = this.#rounds.known.has(digest);
    this.#rounds.known.add(digest);
    const [command, text] = isKnown ? ["EVALSHA_RO", digest] : ["EVAL_RO", lua];
    return this.#ask(command, [text, keys.length, ...keys, ...args], true);
  }

  /** @throws what the driver throws, and what Redis replies when it cannot answer now */
  async send(): Promise<void> {
    for (let open: readonly Question[] = this.#questions; open.length > 0; ) {
      const replies = await this.#exchange(open);
      for (const [error] of replies) if (error && !isRefusal(error)) throw error;
      const left: Question[] = [];
      for (const [at, question] of open.entries()) {
        const [error, reply] = replies[at] ?? [new Error("no reply"), undefined];
        if (isReply(error, "LATER")) left.push(question);
        else question.take(error, reply);
      }
      open = left;
    }
  }

  async #exchange(questions: readonly Question[]): Promise<readonly (readonly [Error | null, unknown])[]> {
    const pipeline = this.#client.pipeline();
    const until = this.#rounds.in(LONGEST_MS);
    // The first one is answered in any case, so that each round trip brings the look on.
    const first = questions.find(({ isTimely }) => isTimely);
    for (const question of questions) {
      const { command, args, isTimely } = question;
      const given = isTimely ? [...args, question === first ? 0 : until] : args;
      // By a name in small letters the client knows the form of the reply, which is another one in each protocol.
      pipeline.call(command.toLowerCase(), ...given.map(String));
    }
    return (await pipeline.exec()) ?? [];
  }

  #ask<Reply>(command: string, args: Question["args"], isTimely: boolean): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const take: Taker = (error, reply) => {
        if (error !== null && isReply(error, "NOPERM")) this.#rounds.refused.add(refusedIn(error, command));
        resolve(error === null ? (reply as Reply) : undefined);
      };
      this.#questions.push({ command, args, isTimely, take });
    });
  }
}

/** Round trips to Redis, one after the other. */
export class Rounds {
  /** The commands that this user may not run. */
  readonly refused: Set<string> = new Set();
  /** The scripts that Redis knows. */
  readonly known: Set<string> = new Set();
  readonly #client: Client;
  /** By how much the clock of Redis is ahead of this process' own; `undefined` until it was asked for. */
  #aheadMs: number | undefined;
  /** How long a round trip takes at least. */
  #tripMs = 0;

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

  /**
   * Asks for the time by Redis' clock, and by that of this machine in the middle of the question. Until then no round trip is
   * divided.
   */
  async time(): Promise<{ readonly nowMs: number; readonly here: number }> {
    const [began, beganAt] = [Date.now(), systemClock.now()];
    const time = await this.ask((round) => round.ask<string[]>("TIME"));
    const here = (began + Date.now()) / 2;
    const nowMs = time === undefined ? undefined : instantIn(time);
    const endedAt = systemClock.now();
    this.#tripMs = endedAt - beganAt;
    if (nowMs !== undefined) this.#aheadMs = nowMs - (beganAt + endedAt) / 2;
    return { nowMs: Math.floor(nowMs ?? here), here };
  }

  /** The moment so many milliseconds after what is sent now has come to Redis, by Redis' clock; 0 where that is not known. */
  in(ms: number): number {
    return this.#aheadMs === undefined ? 0 : Math.ceil(this.#aheadMs + systemClock.now() + this.#tripMs + ms);
  }
}

/** `User x has no permissions to run the 'xinfo|groups' command`, or to access a key. */
function refusedIn({ message }: Error, command: string): string {
  return /'([\w|]+)' command/.exec(message)?.[1]?.toUpperCase() ?? command.toUpperCase();
}
