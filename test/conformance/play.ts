import { expect } from "vitest";
import { handleValidateToken, onUserCreated, sendValidateToken, userCreated } from "../../generated/index.js";
import { all, partitionsOf, user } from "./cast.js";
import type { Planned, Scenario } from "./scenario.js";
import type { Mortal, Stage } from "./stage.js";

const MAX_RETRIES = 3;
const LEASE_SECONDS = 0.5;
/** Partitions keep a process busy: a lease that lapses although it lives would have messages handled again. */
const OWNERS_LEASE_SECONDS = 2;
const BILLING = ["events", "billing-workers"] as const;

/** What has become of a message. */
interface Fate extends Planned {
  readonly id: number;
  failed: number;
  handled: number;
  hasHung: boolean;
}

/** Plays a scenario to its end, and compares what has become of each message with what delivery promises. */
export async function play(stage: Stage, scenario: Scenario): Promise<void> {
  const { order, instances, concurrency, steps } = scenario;
  const fates: Fate[] = [];
  const finished: Fate[] = [];
  const running: Mortal[] = [];
  const answers: { readonly expected: string; got: string | undefined }[] = [];
  /** How often a member lost what it held: each time, messages may be handled again. */
  let losses = 0;
  let [areHanging, partitions] = [true, scenario.partitions];

  const begin = async (): Promise<void> => {
    const leaseSeconds = scenario.partitions > 1 ? OWNERS_LEASE_SECONDS : LEASE_SECONDS;
    const options = { order, concurrency, maxRetries: MAX_RETRIES, leaseSeconds };
    const timing = { retryDelaySeconds: 0.02, drainTimeoutSeconds: 0 };
    const mortal = await stage.mortal("billing", { ...options, ...timing });
    onUserCreated(mortal.service, async ({ user_id = 0 }) => {
      const fate = fates[user_id - 1] as Fate;
      if (fate.hangs && !fate.hasHung && areHanging) {
        fate.hasHung = true;
        await new Promise(() => {});
      }
      if (fate.failures === "always" || fate.failed < fate.failures) {
        fate.failed++;
        throw new Error("as planned");
      }
      if (fate.handled++ === 0) finished.push(fate);
    });
    handleValidateToken(mortal.service, ({ payload }) => {
      if (payload.token === "fails") throw new Error("as planned");
      return { valid: true };
    });
    await mortal.service.start();
    running.push(mortal);
  };

  if (partitions > 1) await stage.partitions.set("events", partitions);
  const sender = stage.service("web");
  for (let count = 0; count < instances; count++) await begin();
  for (const step of steps) {
    if (step.kind === "pass") await stage.pass(step.ms);
    else if (step.kind === "pause") await stage.groups.pause(...BILLING, step.isOfType ? { type: "user.created" } : {});
    else if (step.kind === "resume") await stage.groups.resume(...BILLING);
    else if (step.kind === "partition") {
      if (partitions === 1) continue;
      partitions += step.added;
      await stage.partitions.set("events", partitions, { force: true });
    } else if (step.kind === "usurp") {
      if (partitions === 1) continue;
      const { stream } = (await stage.partitions.list("events"))[step.place % partitions] as {
        readonly stream: string;
      };
      await stage.usurp(stream, BILLING[1]);
      losses++;
    } else if (step.kind === "publish") {
      const added = step.messages.map((planned) => ({ ...planned, failed: 0, handled: 0, hasHung: false }));
      const first = fates.length + 1;
      fates.push(...added.map((fate, at) => ({ ...fate, id: first + at })));
      await sender.publishAll(
        userCreated,
        added.map(({ entity }, at) => user(entity, { user_id: first + at })),
      );
    } else if (step.kind === "command") {
      const answer = { expected: step.fails ? "COMMAND_FAILED" : "valid", got: undefined as string | undefined };
      answers.push(answer);
      sendValidateToken(sender, { token: step.fails ? "fails" : "holds" }, { targetService: "billing" }).then(
        () => {
          answer.got = "valid";
        },
        ({ code }) => {
          answer.got = code;
        },
      );
    } else {
      const oldest = running.shift() as Mortal;
      if (step.kind === "close") await oldest.service.close();
      else {
        losses++;
        oldest.crash();
      }
      await begin();
    }
  }

  // What hangs is given back, and ends in the instance that follows.
  areHanging = false;
  for (const { service } of running.splice(0)) await service.close();
  await begin();
  await stage.groups.resume(...BILLING);
  const dead = fates.filter(({ failures }) => failures === "always").map(({ id }) => id);
  const letters = async (): Promise<number[]> => {
    const lists = (await partitionsOf(stage, "events")).map((name) => all(stage.deadLetters.list(name)));
    const list = (await Promise.all(lists)).flat();
    return list.map(({ original }) => Number(original[original.findIndex((text) => `${text}` === "user_id") + 1]));
  };
  const isOver = async (): Promise<boolean> =>
    fates.every(({ failures, handled }) => failures === "always" || handled > 0) &&
    answers.every(({ got }) => got !== undefined) &&
    new Set(await letters()).size >= dead.length;
  await stage.until(isOver, "the end of the scenario");

  expect(answers.map(({ got }) => got)).toEqual(answers.map(({ expected }) => expected));
  expect([...new Set(await letters())].sort((one, other) => one - other)).toEqual(dead);
  for (const { handled, failures, failed, hangs } of fates) {
    // Only a process that dies, or is no longer the owner, has a message handled again.
    expect(handled).toBeLessThanOrEqual(failures === "always" ? 0 : 1 + losses);
    const most = failures === "always" ? 1 + MAX_RETRIES : failures;
    expect(failed).toBeLessThanOrEqual(most + losses);
    if (failures === "always") expect(failed).toBeGreaterThanOrEqual(1 + MAX_RETRIES - (hangs ? 1 : 0));
  }
  // What is published while there are more partitions all of a sudden may come before what is stored.
  if (order !== "entity" || partitions > scenario.partitions) return;
  for (const entity of [1, 2, 3]) {
    const ids = finished.filter((fate) => fate.entity === entity).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
  }
}
