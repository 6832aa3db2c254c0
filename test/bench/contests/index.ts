import type { Contestant } from "../contest.js";
import type { ContestName } from "../effort.js";
import type { Arena } from "./arena.js";
import { generators, typechecks } from "./catalogue.js";
import { alone, kit, moments, service, traced } from "./moments.js";
import { peers, reading, writing } from "./streams.js";

/** Who takes part in what. */
export const contests: Readonly<Record<ContestName, (arena: Arena) => Contestant[]>> = {
  publish: (arena) => writing(arena, "publish"),
  publishAll: (arena) => writing(arena, "publish-all"),
  consume: (arena) => reading(arena, "consume", 1),
  skip: (arena) => reading(arena, "skip", 30),
  both: (arena) => [...writing(arena, "both"), ...peers(arena)],
  latency: (arena) => moments(arena, "latency", { encoding: "fields" }),
  command: (arena) => moments(arena, "command", { encoding: "json" }),
  traced,
  service,
  validation: (arena) => alone(arena, "validation"),
  memory: (arena) => alone(arena, "memory", ["--expose-gc"]),
  cold: (arena) => moments(arena, "cold"),
  kit,
  typecheck: typechecks,
  generate: generators,
};
