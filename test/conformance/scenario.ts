import fc from "fast-check";

/** A message of a scenario. */
export interface Planned {
  readonly entity: number;
  /** How often its handler throws; `always` makes it a dead letter. */
  readonly failures: number | "always";
  /** In the first process that begins it, its handler does not end. */
  readonly hangs: boolean;
}

/** What happens next. */
export type Step =
  | { readonly kind: "publish"; readonly messages: readonly Planned[] }
  | { readonly kind: "command"; readonly fails: boolean }
  | { readonly kind: "pass"; readonly ms: number }
  /** An operator pauses all messages, or those of one type. */
  | { readonly kind: "pause"; readonly isOfType: boolean }
  | { readonly kind: "resume" }
  /** The stream has so many partitions more, if it has any. */
  | { readonly kind: "partition"; readonly added: number }
  /** One of its partitions has another owner, which its own does not know. */
  | { readonly kind: "usurp"; readonly place: number }
  /** The oldest instance ends, in order or not, and another one begins. */
  | { readonly kind: "close" | "crash" };

export interface Scenario {
  readonly order: "none" | "entity";
  /** How many partitions the stream has at first. One is none. */
  readonly partitions: number;
  /** How many instances there are at once. With an order and without partitions there is one, which alone keeps it. */
  readonly instances: number;
  readonly concurrency: number;
  readonly steps: readonly Step[];
}

const planned: fc.Arbitrary<Planned> = fc.record({
  entity: fc.integer({ min: 1, max: 3 }),
  failures: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 2 }) },
    { weight: 1, arbitrary: fc.constant("always" as const) },
  ),
  hangs: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

function stepOf(crashes: number): fc.Arbitrary<Step> {
  const step = (weight: number, arbitrary: fc.Arbitrary<Step>): { weight: number; arbitrary: fc.Arbitrary<Step> } => ({
    weight,
    arbitrary,
  });
  return fc.oneof(
    step(10, fc.record({ kind: fc.constant("publish"), messages: fc.array(planned, { minLength: 1, maxLength: 6 }) })),
    step(4, fc.record({ kind: fc.constant("command"), fails: fc.boolean() })),
    step(6, fc.record({ kind: fc.constant("pass"), ms: fc.integer({ min: 1, max: 60 }) })),
    step(1, fc.record({ kind: fc.constant("pause"), isOfType: fc.boolean() })),
    step(1, fc.constant({ kind: "resume" })),
    step(1, fc.record({ kind: fc.constant("partition"), added: fc.integer({ min: 1, max: 3 }) })),
    step(1, fc.record({ kind: fc.constant("usurp"), place: fc.nat(8) })),
    step(2, fc.constant({ kind: "close" })),
    step(crashes, fc.constant({ kind: "crash" })),
  );
}

/**
 * @param crashes - how likely a crash is; 2 makes it as likely as a close
 * @param partitions - how many partitions the stream may have at first
 */
export function scenarios(crashes: number, maxLength: number, partitions: readonly number[]): fc.Arbitrary<Scenario> {
  return fc
    .record({
      order: fc.constantFrom("none" as const, "entity" as const),
      partitions: fc.constantFrom(...partitions),
      instances: fc.integer({ min: 1, max: 2 }),
      concurrency: fc.constantFrom(1, 3, 100),
      steps: fc.array(stepOf(crashes), { minLength: 1, maxLength }),
    })
    .map((scenario) => {
      const isAlone = scenario.order === "entity" && scenario.partitions === 1;
      return isAlone ? { ...scenario, instances: 1 } : scenario;
    });
}
