import * as ioredis from "ioredis";

/** The client of Redis. The built package loads it with the first connection, see `.ci/build.ts`: a test may do without. */
export function loadIoredis(): typeof ioredis {
  return ioredis;
}
