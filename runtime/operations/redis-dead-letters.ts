import type { Config } from "../config/config.js";
import { longestLetter } from "../letters/dead-letter-record.js";
import { DeadLetters } from "../letters/dead-letters.js";
import { RedisLetters } from "../redis/redis-letters.js";
import { systemClock } from "../time/clock.js";
import type { Routes } from "./routes.js";

/** The dead letters of a Redis. */
export function deadLettersOf(config: Config, routes: Routes): DeadLetters {
  const longest = longestLetter(config.maxMessageBytes);
  const lettersOf = (stream: string): RedisLetters => new RedisLetters(config, routes.at(stream), stream, longest);
  return new DeadLetters(config, { clock: systemClock, lettersOf });
}
