import type { Redis } from "ioredis";

/** How the cost of a message grows with one thing, all else left alone. */
export interface Curve {
  readonly name: string;
  /** What the steps count. */
  readonly unit: string;
  readonly steps: readonly number[];
  /** What is measured. @defaultValue `curve`: to publish and handle each message */
  readonly program?: string;
  /** What stands in Redis before the clock starts. */
  readonly prepare?: (redis: Redis, step: number) => Promise<unknown>;
  readonly settings?: (step: number) => object;
  /** Messages in one measurement. */
  readonly count?: (step: number) => number;
}

/** What a message costs under one condition, in microseconds: by the clock, and of two processes' processor time. */
interface Point {
  readonly step: number;
  readonly clock: number;
  readonly processor: number;
  readonly redis: number;
}

/** A curve with its points. */
export interface DrawnCurve {
  readonly curve: Curve;
  readonly points: readonly Point[];
}
