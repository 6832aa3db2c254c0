import type { Config } from "../config/config.js";
import { longestLetter } from "../letters/dead-letter-record.js";
import { DeadLetters } from "../letters/dead-letters.js";
import type { Connection } from "../redis/connection.js";
import { RedisLetters } from "../redis/redis-letters.js";
import { systemClock } from "../time/clock.js";

/** The dead letters of a Redis. */
export function deadLettersOf(config: Config, connection: Connection): DeadLetters {
  const longest = longestLetter(config.maxMessageBytes);
  const lettersOf = (stream: string): RedisLetters => new RedisLetters(config, connection, stream, longest);
  return new DeadLetters(config, { clock: systemClock, lettersOf });
}
