import { describe, expect, it } from "vitest";
import { BEGUN, FAILED, HANDLED, type MessageStep } from "./steps.js";
import { type Evidence, type Fate, Judge, type Verdict } from "./verdict.js";

const ALIVE: Fate = { killed: undefined, stops: [] };
const ENTITIES = 10;

/** A handling that takes a millisecond. */
const handling = (serial: number, by: number, at: number, stored = 0): MessageStep[] => [
  { mark: BEGUN, serial, by, at, stored },
  { mark: HANDLED, serial, by, at: at + 1, stored },
];

function judged(steps: readonly MessageStep[], { fates = [ALIVE, ALIVE], ...given }: Partial<Evidence> = {}): Verdict {
  const evidence = {
    undoings: [],
    moves: [],
    entityOf: (serial: number) => serial % ENTITIES,
    streamOf: () => "events",
  };
  const inTime = steps.toSorted((one, other) => one.at - other.at);
  return new Judge({ ...evidence, fates, ...given }).judge(inTime);
}

describe("the judge of a million messages", () => {
  it("finds nothing in messages that follow each other, though one fails and is retried", () => {
    const failed: MessageStep[] = [
      { mark: BEGUN, serial: 11, by: 0, at: 20, stored: 0 },
      { mark: FAILED, serial: 11, by: 0, at: 21, stored: 0 },
    ];
    const steps = [...handling(1, 0, 10), ...failed, ...handling(11, 1, 30), ...handling(21, 1, 40)];
    const none = { begunAgain: 1, besideStopped: 0, overlaps: 0, inversions: 0, againInversions: 0, stories: [] };
    expect(judged(steps)).toEqual({
      ...{ handled: 3, again: { killed: 0, stopped: 0, failover: 0, unexplained: 0 } },
      ...none,
    });
  });

  it("finds what first begins after a later message, and what begins again after one in the same process", () => {
    expect(judged([...handling(11, 0, 10), ...handling(1, 1, 20)])).toMatchObject({ inversions: 1 });
    const again = [...handling(1, 0, 10), ...handling(11, 0, 20), ...handling(1, 0, 30)];
    expect(judged(again)).toMatchObject({ inversions: 0, againInversions: 1 });
    // From there the order is repeated elsewhere.
    expect(judged([...again.slice(0, 4), ...handling(1, 1, 30), ...handling(11, 1, 40)])).toMatchObject({
      againInversions: 0,
    });
  });

  it("finds what begins beside its predecessor, unless that has died, and tells apart where its process stood still", () => {
    const long: MessageStep[] = [
      { mark: BEGUN, serial: 1, by: 0, at: 10, stored: 0 },
      { mark: HANDLED, serial: 1, by: 0, at: 90_000, stored: 0 },
    ];
    const beside = [...long, ...handling(11, 1, 50_000)];
    expect(judged(beside)).toMatchObject({ overlaps: 1, besideStopped: 0 });
    const stopped = { ...ALIVE, stops: [{ from: 20, until: 60_000 }] };
    expect(judged(beside, { fates: [stopped, ALIVE] })).toMatchObject({ overlaps: 0, besideStopped: 1 });
    const killed = { killed: { from: 39_000, until: 40_000 }, stops: [] };
    expect(judged([beside[0] as MessageStep, ...handling(11, 1, 50_000)], { fates: [killed, ALIVE] })).toMatchObject({
      ...{ overlaps: 0, besideStopped: 0 },
    });
  });

  it("explains what is handled again by a kill, a stop or a failover just after it, and by none that came later", () => {
    const twice = [...handling(1, 0, 10_000), ...handling(1, 1, 20_000)];
    expect(judged(twice).again).toEqual({ killed: 0, stopped: 0, failover: 0, unexplained: 1 });
    const fate = (from: number): Fate => ({ killed: { from, until: from + 100 }, stops: [] });
    expect(judged(twice, { fates: [fate(10_500), ALIVE] }).again).toMatchObject({ killed: 1, unexplained: 0 });
    expect(judged(twice, { fates: [fate(15_000), ALIVE] }).again).toMatchObject({ killed: 0, unexplained: 1 });
    // While a slot moves, its entries cannot be settled.
    const moves = [{ from: 9000, until: 16_000, streams: ["events"] }];
    expect(judged(twice, { fates: [fate(15_000), ALIVE], moves }).again).toMatchObject({ killed: 1, unexplained: 0 });
    expect(judged(twice, { moves }).again).toMatchObject({ unexplained: 1 });
    const still = { ...ALIVE, stops: [{ from: 10_500, until: 19_000 }] };
    expect(judged(twice, { fates: [still, ALIVE] }).again).toMatchObject({ stopped: 1, unexplained: 0 });
    const undoing = { from: 12_000, until: 16_000 };
    const of = (stream: string): Partial<Evidence> => ({ undoings: [{ ...undoing, streams: [stream] }] });
    expect(judged(twice, of("events")).again).toMatchObject({ failover: 1, unexplained: 0 });
    expect(judged(twice, of("events:1")).again).toMatchObject({ failover: 0, unexplained: 1 });
  });

  it("explains what was stored twice by a failover that undid the first entry, however late a member handled what it had read", () => {
    const undoings = [{ from: 12_000, until: 16_000, streams: ["events"] }];
    const twice = (...stored: [number, number]): MessageStep[] => [
      ...handling(1, 0, 30_000, stored[0]),
      ...handling(1, 0, 31_000, stored[1]),
    ];
    expect(judged(twice(11_500, 15_500), { undoings }).again).toMatchObject({ failover: 1, unexplained: 0 });
    expect(judged(twice(11_500, 15_500)).again).toMatchObject({ unexplained: 1 });
    // The same entry, one that no failover can have undone, and one that was published again before.
    for (const [first, second] of [
      [11_500, 11_500],
      [6000, 15_500],
      [11_000, 11_500],
    ] as const) {
      expect(judged(twice(first, second), { undoings }).again).toMatchObject({ failover: 0, unexplained: 1 });
    }
  });
});
