import type { Contestant, Results } from "./contest.js";
import type { Arena } from "./contests/arena.js";
import { contests } from "./contests/index.js";
import type { ContestName } from "./effort.js";
import type { Measured } from "./measure.js";
import { amount, digits } from "./report.js";
import { unitOf } from "./row.js";
import { spreadOf } from "./statistics.js";

/** With fewer, one side is ahead in every round too often by accident. */
const FEWEST_ROUNDS = 5;

/**
 * What a contest measures of this package, and next to each the same of another commit's. Both run the working tree's
 * program; where that does not get along with the other package, the one of its own commit takes its place.
 */
export function sideBySide(
  contest: ContestName,
  arenas: { readonly ours: Arena; readonly theirs: Arena },
  onOwnProgram: (contestant: string, why: Error) => void,
): Contestant[] {
  const { ours, theirs } = arenas;
  const own = { ...theirs, stage: { ...theirs.stage, programs: theirs.stage.ownPrograms } };
  const [first, second, third] = [ours, theirs, own].map((arena) =>
    contests[contest](arena).filter(({ isRival = false }) => !isRival),
  ) as [Contestant[], Contestant[], Contestant[]];
  return first.flatMap((contestant, at) => {
    const name = nameOfTheirs(contestant.name);
    const [shared, fallback] = [second[at], third[at]] as [Contestant, Contestant];
    return [contestant, { name, measure: measureEither(shared, fallback, (why) => onOwnProgram(name, why)) }];
  });
}

/** What works at first is what is measured from then on. */
function measureEither(
  preferred: Contestant,
  fallback: Contestant,
  onFallback: (why: Error) => void,
): Contestant["measure"] {
  let chosen: Contestant | undefined;
  return async (effort) => {
    if (chosen !== undefined) return chosen.measure(effort);
    try {
      const measured = await preferred.measure(effort);
      chosen = preferred;
      return measured;
    } catch (error) {
      onFallback(error as Error);
      chosen = fallback;
      return fallback.measure(effort);
    }
  };
}

/** `ours, json` → `theirs, json` */
function nameOfTheirs(name: string): string {
  return ["theirs", ...particulars(name)].join(", ");
}

/** What a contestant's name says beside whose it is. */
function particulars(name: string): string[] {
  return name.split(", ").filter((part) => part !== "ours");
}

/** How this package did beside the other commit's: a line for each thing that was measured of both. */
export function compared(contest: ContestName, results: Results): string {
  return Object.entries(results)
    .flatMap(([name, ours]) => {
      const theirs = results[nameOfTheirs(name)] ?? [];
      const label = [contest, ...particulars(name)].join(", ");
      const values = (all: readonly Measured[]): number[] => all.map(({ value }) => value);
      const processor = (all: readonly Measured[]): number[] => all.flatMap(({ details }) => details?.cpu ?? []);
      return [
        ...line(label, unitOf(contest), { ours: values(ours), theirs: values(theirs) }),
        // Nearly free of the machine's other work, where rates are not.
        ...line(`${label}, processor`, "µs", { ours: processor(ours), theirs: processor(theirs) }),
      ];
    })
    .join("\n");
}

interface Both {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

function line(label: string, unit: string, { ours, theirs }: Both): string[] {
  const ratios = ours.slice(0, theirs.length).map((value, round) => value / (theirs[round] as number));
  if (ratios.length === 0) return [];
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const show = (numbers: readonly number[]): string => amount(spreadOf(numbers).median, unit);
  const cells = [
    label.padEnd(30),
    `${digits(spreadOf(ratios).median)} ×`.padStart(9),
    `${digits(least)} – ${digits(most)} of ${ratios.length}`.padStart(20),
    ` ${ratios.length < FEWEST_ROUNDS ? "?" : mark(least, most, unit === "/s")}`.padEnd(10),
    `ours ${show(ours)}, theirs ${show(theirs)}`,
  ];
  return [cells.join(" ")];
}

/** Worse or better is what no round contradicts. */
function mark(least: number, most: number, moreIsBetter: boolean): string {
  if (least <= 1 && most >= 1) return "";
  return least > 1 === moreIsBetter ? "✔ better" : "✘ worse";
}
