import { setTimeout } from "node:timers/promises";

import type { Handler } from "../../messaging/handler.js";
import { contextOf } from "./context.js";
import { NotSurvivedError } from "./error.js";
import { explore, type Failure } from "./explore.js";
import { judge } from "./judge.js";
import { assertUsable, mistake } from "./mistake.js";
import type { SurvivesOptions, World } from "./options.js";
import type { Run, Setting } from "./run.js";
import { parseSchedule, type Schedule, scheduleText } from "./schedule.js";
import { shownError } from "./shown.js";
import { simulate } from "./simulation.js";
import { snapshotOf } from "./snapshot.js";

/** What was tried of a handler that survives. */
export interface Survival {
  /** The number of schedules. */
  readonly schedules: number;
  /** Every schedule with so many deviations from a clean run, or fewer, was tried. */
  readonly exhaustive: number;
}

/**
 * Proves that a handler bears at-least-once delivery of a message: runs it through the schedules that delivery allows, and
 * compares the state and the effects at the end with those of a clean run. A process dies before the handler, at each call
 * of state or effects, or before the acknowledgement; a call fails; a process loses its lease and goes on; the message
 * arrives twice. Of several messages, one that fails comes after the others, and a process handles two at once. Every
 * schedule with one such deviation is tried, then with two and more, up to the bound.
 *
 * @param start - makes the handler of a process. Called for each process, so what it keeps in memory dies with it
 * @param message - the message that is delivered, or several in the order in which they were published; each delivery has
 * a copy
 * @throws {NotSurvivedError} with the shortest schedule that fails, in words
 * @throws {UsageError} if a clean run fails or does nothing, or if the handler cannot be observed
 *
 * @example
 * const credits = () =>
 *   memoryState({ handled: new Set<string>(), cents: [] as number[] }, (data) => ({
 *     isNew: async (id: string) => data.handled.size < data.handled.add(id).size,
 *     add: async (cents: number) => void data.cents.push(cents),
 *   }));
 * await survives(
 *   ({ state }) =>
 *     async ({ id }) => {
 *       await state.transaction(async (tx) => {
 *         if (await tx.isNew(id)) await tx.add(1000);
 *       });
 *     },
 *   exampleUserCreated(),
 *   { state: credits },
 * );
 */
export async function survives<Message extends object, State = unknown, Effects extends object = object>(
  start: (world: World<State, Effects>) => Handler<NoInfer<Message>> | Promise<Handler<NoInfer<Message>>>,
  message: Message | readonly Message[],
  options: SurvivesOptions<State, Effects>,
): Promise<Survival> {
  const messages = (Array.isArray(message) ? message : [message]) as readonly Message[];
  assertUsable(start, messages, options);
  const setting = settingOf(start, messages, options);
  const clean = await cleanRun(setting);
  const attempt = async (schedule: Schedule, isTold = false): Promise<Failure> => {
    try {
      const run = await simulate(setting, schedule, isTold);
      return { run, differences: judge(clean, run) };
    } catch (error) {
      // The same again, so that the error has the story.
      if (isTold) throw error;
      return attempt(schedule, true);
    }
  };
  const { schedules = 1000, seed = 1, repeat } = options;
  if (repeat !== undefined) {
    const failure = await attempt(scheduleOf(repeat), true);
    if (scheduleText(failure.run.schedule) !== repeat.trim()) throw mistake(`the handler has no schedule ${repeat}`);
    if (failure.differences.length > 0) throw notSurvived(failure, messages, "it was repeated alone");
    return { schedules: 1, exhaustive: 0 };
  }
  const { failure, ...tried } = await explore(clean, attempt, { schedules, seed });
  if (failure === undefined) return tried;
  const told = await attempt(failure.run.schedule, true);
  throw notSurvived(told, messages, `${tried.schedules} schedules were tried, seed ${seed}`);
}

function settingOf<Message extends object, State, Effects extends object>(
  start: (world: World<State, Effects>) => unknown,
  messages: readonly Message[],
  options: SurvivesOptions<State, Effects>,
): Setting {
  const {
    state,
    effects = {},
    keys = {},
    transactions = ["transaction", "$transaction"],
    order = "none",
    timeoutSeconds = 5,
  } = options;
  return {
    ...{ keys, transactions, timeoutMs: timeoutSeconds * 1000 },
    ...{ messages: messages.length, isOrdered: order === "entity" },
    start: (world) => start(world as World<State, Effects>),
    handle: async (handler, delivery, signal) => {
      if (typeof handler !== "function") throw mistake("the first argument must return the handler of the process");
      const { parcel, process } = delivery;
      const message = messages[parcel.number - 1] as Message;
      const place = { consumer: `process-${process.number}`, entryId: `${parcel.number}-0`, signal };
      const context = contextOf(message, delivery, place, options.context);
      const answer = await (handler as Handler<Message>)(structuredClone(message), context);
      // Nobody receives what a handler returns to other messages.
      return context.kind === "command" ? answer : undefined;
    },
    fresh: () => (typeof state === "function" ? state() : state?.reset()),
    snapshot: async (current) => {
      if (state === undefined) return undefined;
      return typeof state === "function"
        ? snapshotOf(current)
        : structuredClone(await state.snapshot(current as State));
    },
    effects: () => (typeof effects === "function" ? effects() : effects),
  };
}

/** Runs the handler twice as if nothing ever failed: a second run shows what depends on the time or on chance. */
async function cleanRun(setting: Setting): Promise<Run> {
  const clean = await simulate(setting, [], true);
  if (clean.deadLetter !== undefined) {
    throw mistake(
      `the handler fails in a clean run: ${shownError(clean.deadLetter.error)}\n\n${clean.story.text()}`,
      clean.deadLetter.error,
    );
  }
  const untouched = await setting.snapshot(await setting.fresh());
  if (judge({ ...clean, state: untouched, effects: [] }, clean).length === 0) {
    const remedy = "give the handler the state and effects that it is called with, and an example that it handles";
    throw mistake(
      `in a clean run the handler neither changes state nor calls effects, so nothing is proved: ${remedy}`,
    );
  }
  // So that the time is another one.
  await setTimeout(2);
  const again = await simulate(setting, [], true);
  const differences = judge(clean, again);
  if (differences.length === 0) return clean;
  const remedy =
    "take times and ids from the message, or leave what may differ out of the snapshot or of the arguments of effects";
  const text = [
    "two clean runs of the handler end differently, so a repeated message does not do the same work.",
    "",
    ...differences,
    "",
    `Remedy: ${remedy}.`,
  ];
  throw new NotSurvivedError(text.join("\n"), again.story.text(), differences, "");
}

function scheduleOf(text: string): Schedule {
  const schedule = parseSchedule(text);
  if (schedule !== undefined) return schedule;
  throw mistake(`${JSON.stringify(text)} is no schedule: { repeat } takes the schedule of a NotSurvivedError`);
}

function notSurvived({ run, differences }: Failure, messages: readonly object[], how: string): NotSurvivedError {
  const [story, schedule] = [run.story.text(), scheduleText(run.schedule)];
  const types = [...new Set(messages.map((message) => contextOf(message).type))].join(" and ");
  const text = [
    `the handler of ${types} does not survive at-least-once delivery.`,
    ...[
      "",
      story,
      "",
      ...differences,
      "",
      `{ repeat: ${JSON.stringify(schedule)} } repeats this schedule alone (${how}).`,
    ],
  ];
  return new NotSurvivedError(text.join("\n"), story, differences, schedule);
}
