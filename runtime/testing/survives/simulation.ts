import { setImmediate, setTimeout } from "node:timers/promises";

import { UsageError } from "../../errors.js";
import { EffectLog } from "./effects.js";
import { type Delivery, Process, type Surroundings } from "./process.js";
import type { Run, Setting } from "./run.js";
import { type DeviationKind, deviationsAt, type Schedule } from "./schedule.js";
import { shownError } from "./shown.js";
import { InjectedFailure, type Step } from "./step.js";
import { Story } from "./story.js";

/** A handler that fails so often, and not because of the schedule, fails always. */
const MOST_FAILURES = 2;
/** So many processes run the handler at once. */
const AT_ONCE = 2;

/**
 * Runs one schedule, from the first delivery of the message until it is acknowledged and nothing is left to do.
 *
 * @param isTold - whether the run is told in words
 */
export async function simulate(setting: Setting, schedule: Schedule, isTold: boolean): Promise<Run> {
  const state = await setting.fresh();
  const simulation = new Simulation(setting, state, schedule, new Story(isTold));
  const deadLetter = await simulation.run();
  const { choices, story, effects, taken, answer } = simulation;
  const end = { effects: effects.calls, answer, deadLetter, state: await setting.snapshot(state) };
  return { schedule: taken, choices, story, ...end };
}

class Simulation {
  readonly choices: (readonly DeviationKind[])[] = [];
  readonly taken: { at: number; kind: DeviationKind }[] = [];
  readonly story: Story;
  readonly effects: EffectLog;
  answer: unknown;
  readonly #setting: Setting;
  readonly #schedule: ReadonlyMap<number, DeviationKind>;
  readonly #around: Surroundings;
  readonly #processes: Process[] = [];
  readonly #handlers = new Map<Process, unknown>();
  readonly #signal = new AbortController().signal;
  #current: Process;
  /** The last delivery: only its acknowledgement counts. */
  #owned: Delivery = { attempt: 0, redelivered: false, progress: "waiting" };
  #isAcknowledged = false;
  #failures = 0;

  constructor(setting: Setting, state: unknown, schedule: Schedule, story: Story) {
    this.story = story;
    this.#setting = setting;
    this.#schedule = new Map(schedule.map(({ at, kind }) => [at, kind]));
    this.effects = new EffectLog(setting.keys);
    this.#around = {
      ...{ state, effects: setting.effects(), transactions: setting.transactions },
      ...{ inTransaction: undefined, misuse: undefined },
      callEffect: (call) => this.effects.call(call),
      tell: (line) => this.story.tell(line),
    };
    this.#current = this.#newProcess();
  }

  async run(): Promise<Run["deadLetter"]> {
    this.#deliver(this.#current, { redelivered: false });
    for (;;) {
      await this.#calm();
      for (const process of this.#processes) {
        const { delivery } = process;
        if (delivery?.progress !== "failed") continue;
        this.#retry(process, delivery);
        if (this.#failures > MOST_FAILURES) return { error: delivery.error };
      }
      const process = this.#next();
      if (process !== undefined) await this.#take(process);
      else if (!this.#isAcknowledged) this.#deliver(this.#newProcess(), { redelivered: true });
      else return undefined;
    }
  }

  /** Waits until every process that lives has a step to take, or has nothing more to do. */
  async #calm(): Promise<void> {
    await setImmediate();
    const latest = performance.now() + this.#setting.timeoutMs;
    for (let looks = 0; this.#processes.some((process) => process.isBusy); looks++) {
      if (performance.now() > latest) throw this.#stuck("the handler awaits what is neither state nor effects");
      await (looks < 50 ? setImmediate() : setTimeout(1));
    }
    if (this.#around.misuse !== undefined) throw this.#around.misuse;
  }

  #stuck(why: string): UsageError {
    const limit = `within ${this.#setting.timeoutMs / 1000} s ({ timeoutSeconds })`;
    return new UsageError("CONFIG_INVALID", `survives: ${why}, and that does not come ${limit}:\n${this.story.text()}`);
  }

  /** The process whose turn it is: the current one for as long as it has a step, then another. */
  #next(): Process | undefined {
    const able = this.#processes.filter((process) => this.#stepOf(process) !== undefined);
    const next = able.includes(this.#current) ? this.#current : able[0];
    if (next === undefined && this.#processes.some(({ steps }) => steps.length > 0)) {
      const advice = "in state.transaction(async (tx) => …) call tx, not state";
      throw new UsageError(
        "CONFIG_INVALID",
        `survives: the handler waits for its own transaction: ${advice}\n${this.story.text()}`,
      );
    }
    if (next !== undefined && next !== this.#current) this.#switchTo(next);
    return next;
  }

  /** The first step that a process can take. While a transaction is open, what is outside it waits. */
  #stepOf(process: Process): Step | undefined {
    const isFree = this.#around.inTransaction === undefined;
    return process.steps.find(
      ({ kind, inTransaction }) => isFree || inTransaction || (kind !== "state" && kind !== "begin"),
    );
  }

  async #take(process: Process): Promise<void> {
    const step = this.#stepOf(process) as Step;
    const at = this.choices.length;
    const choices = this.#choicesOf(process, step);
    this.choices.push(choices);
    const demanded = this.#schedule.get(at);
    const kind = choices.find((one) => one === demanded);
    if (kind === undefined) return this.#perform(process, step);
    this.taken.push({ at, kind });
    await this.#deviate(process, step, kind);
  }

  #choicesOf(process: Process, step: Step): readonly DeviationKind[] {
    const { delivery } = process;
    const others = this.#processes.filter((one) => one !== process && !one.isDead && one.steps.length > 0);
    const canSwitch = others.some((one) => this.#stepOf(one) !== undefined);
    const canOvertake = !this.#isAcknowledged && delivery === this.#owned && others.length < AT_ONCE - 1;
    // Of a call that outlives its handler, nobody sees the failure.
    if (delivery?.progress === "ended") return canSwitch ? ["die-before", "switch"] : ["die-before"];
    return deviationsAt(step.kind, step.inTransaction).filter((kind) => {
      if (kind === "switch") return canSwitch;
      return kind === "overtake" ? canOvertake : kind !== "repeat" || delivery === this.#owned;
    });
  }

  async #perform(process: Process, step: Step): Promise<void> {
    process.steps.splice(process.steps.indexOf(step), 1);
    const outcome = await step.perform();
    const isLate = step.kind === "acknowledge" && process.delivery !== this.#owned;
    this.story.took(process, step, outcome, isLate);
    step.settle(outcome);
  }

  async #deviate(process: Process, step: Step, kind: DeviationKind): Promise<void> {
    const error = new InjectedFailure();
    switch (kind) {
      case "die-before":
        this.story.deviates(() => `${process} dies before it ${step.does()}`);
        return process.kill();
      case "die-after":
        await step.perform();
        this.story.deviates(() => `${process} ${step.does()}, which takes effect, and dies before it sees the result`);
        return process.kill();
      case "fail":
        process.steps.splice(process.steps.indexOf(step), 1);
        this.story.deviates(() => `${process} ${step.does()}, which fails without an effect`);
        await step.refuse?.(error);
        return step.settle({ error });
      case "lose-reply": {
        process.steps.splice(process.steps.indexOf(step), 1);
        const outcome = await step.perform();
        this.story.deviates(
          () => `${process} ${step.does()}, which takes effect, but the reply is lost: it sees an error`,
        );
        return step.settle("error" in outcome ? outcome : { error });
      }
      case "overtake":
        this.story.deviates(() => `${process} stands still before it ${step.does()}, and its lease ends`);
        return this.#deliver(this.#newProcess(), { redelivered: true });
      case "switch":
        this.story.deviates(() => `${process} stands still before it ${step.does()}`);
        return this.#switchTo(
          this.#processes.find((one) => one !== process && this.#stepOf(one) !== undefined) as Process,
        );
      case "repeat":
        await this.#perform(process, step);
        this.story.deviates(() => "the message arrives once more: its publisher repeated it");
        this.#isAcknowledged = false;
        return this.#deliver(process, { redelivered: false });
    }
  }

  #newProcess(): Process {
    const process = new Process(this.#processes.length + 1, this.#around);
    this.#processes.push(process);
    return process;
  }

  #deliver(process: Process, { redelivered }: { readonly redelivered: boolean }): void {
    const attempt = redelivered ? this.#owned.attempt + 1 : 1;
    const delivery: Delivery = { attempt, redelivered, progress: "waiting" };
    this.#owned = delivery;
    this.#current = process;
    const handle = async (): Promise<unknown> => {
      if (!this.#handlers.has(process)) this.#handlers.set(process, await this.#setting.start(process));
      return this.#setting.handle(this.#handlers.get(process), delivery, process, this.#signal);
    };
    process.deliver(delivery, handle, (answer) => {
      delivery.progress = "ended";
      if (delivery !== this.#owned) return;
      this.#isAcknowledged = true;
      this.answer = answer;
    });
  }

  /** A handler that failed is given the message again, if that is still its own. */
  #retry(process: Process, delivery: Delivery): void {
    const { error } = delivery;
    delivery.progress = "ended";
    this.story.tell(() => `the handler of ${process} throws: ${shownError(error)}`);
    if (delivery !== this.#owned || this.#isAcknowledged) return;
    this.#failures = error instanceof InjectedFailure ? this.#failures : this.#failures + 1;
    this.#deliver(process, { redelivered: true });
    // The retry has a delay, in which another process that stands still goes on.
    const other = this.#processes.find((one) => one !== process && this.#stepOf(one) !== undefined);
    if (other !== undefined) this.#switchTo(other);
  }

  #switchTo(process: Process): void {
    this.#current = process;
    if (process.delivery?.progress !== "waiting") this.story.tell(() => `${process} goes on`);
  }
}
