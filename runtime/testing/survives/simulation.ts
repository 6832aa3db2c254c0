import { Agenda } from "./agenda.js";
import { calm } from "./calm.js";
import { EffectLog } from "./effects.js";
import { mistake } from "./mistake.js";
import type { Delivery, Due, Host } from "./parcel.js";
import { Process, type Surroundings } from "./process.js";
import type { Run, Setting } from "./run.js";
import { type DeviationKind, deviationsAt, type Schedule } from "./schedule.js";
import { InjectedFailure, type Step } from "./step.js";
import { Story } from "./story.js";

/** A handler that fails so often, and not because of the schedule, fails always. */
const MOST_FAILURES = 2;

/**
 * Runs one schedule, from the first delivery until all messages are acknowledged and nothing is left to do.
 *
 * @param isTold - whether the run is told in words
 */
export async function simulate(setting: Setting, schedule: Schedule, isTold: boolean): Promise<Run> {
  const state = await setting.fresh();
  const simulation = new Simulation(setting, state, schedule, new Story(isTold));
  const deadLetter = await simulation.run();
  const { agenda, choices, story, effects, taken } = simulation;
  const answers = agenda.parcels.map(({ answer }) => answer);
  const end = { effects: effects.calls, answers, deadLetter, state: await setting.snapshot(state) };
  return { schedule: taken, choices, story, ...end };
}

class Simulation {
  readonly choices: (readonly DeviationKind[])[] = [];
  readonly taken: { at: number; kind: DeviationKind }[] = [];
  readonly story: Story;
  readonly effects: EffectLog;
  readonly agenda: Agenda;
  readonly #setting: Setting;
  readonly #schedule: ReadonlyMap<number, DeviationKind>;
  readonly #around: Surroundings;
  readonly #processes: Process[] = [];
  readonly #handlers = new Map<Process, unknown>();
  readonly #signal = new AbortController().signal;
  #current: Delivery | undefined;

  constructor(setting: Setting, state: unknown, schedule: Schedule, story: Story) {
    this.story = story;
    this.#setting = setting;
    this.agenda = new Agenda(setting.messages, setting.isOrdered);
    this.#schedule = new Map(schedule.map(({ at, kind }) => [at, kind]));
    this.effects = new EffectLog(setting.keys);
    this.#around = {
      ...{ state, effects: setting.effects(), transactions: setting.transactions },
      ...{ isSingle: setting.messages === 1, inTransaction: undefined, misuse: undefined },
      callEffect: (call) => this.effects.call(call),
      tell: (line) => this.story.tell(line),
    };
  }

  async run(): Promise<Run["deadLetter"]> {
    for (;;) {
      await this.#calm();
      for (const delivery of this.#processes.flatMap(({ deliveries }) => deliveries)) {
        if (delivery.progress !== "failed") continue;
        this.#retry(delivery);
        const { failures, name } = delivery.parcel;
        if (failures > MOST_FAILURES) return { error: delivery.error, name };
      }
      const delivery = this.#next();
      const due = delivery === undefined ? this.agenda.take() : undefined;
      if (delivery !== undefined) await this.#take(delivery);
      else if (due !== undefined) this.#deliver(this.#placeOf(due), due);
      else return undefined;
    }
  }

  /** Waits until every delivery has a step to take, or has nothing more to do. */
  async #calm(): Promise<void> {
    const { timeoutMs } = this.#setting;
    const goesOn = ({ deliveries }: Host): boolean =>
      this.agenda.hasDue || deliveries.some((one) => this.#stepOf(one) !== undefined);
    const isCalm = await calm(this.#processes, goesOn, timeoutMs);
    if (this.#around.misuse !== undefined) throw this.#around.misuse;
    if (isCalm) return;
    const why = "the handler awaits what is neither state nor effects, and that does not come";
    throw mistake(`${why} within ${timeoutMs / 1000} s ({ timeoutSeconds }):\n${this.story.text()}`);
  }

  /** The delivery whose turn it is: the current one for as long as it has a step, then another. */
  #next(): Delivery | undefined {
    if (this.#current !== undefined && this.#stepOf(this.#current) !== undefined) return this.#current;
    const next = this.#waiting.find((delivery) => this.#stepOf(delivery) !== undefined);
    if (next === undefined && this.#waiting.length > 0 && !this.agenda.hasDue) {
      const advice = "in state.transaction(async (tx) => …) call tx, not state";
      throw mistake(`the handler waits for its own transaction: ${advice}\n${this.story.text()}`);
    }
    if (next !== undefined) this.#switchTo(next);
    return next;
  }

  /** The deliveries for which a step waits. */
  get #waiting(): readonly Delivery[] {
    const waiting = this.#processes.flatMap((process) => process.steps.map((step) => process.deliveryOf(step)));
    return [...new Set(waiting)] as Delivery[];
  }

  /** The first step that can be taken for a delivery. While a transaction is open, what is outside it waits. */
  #stepOf(delivery: Delivery): Step | undefined {
    const { process } = delivery;
    const isFree = this.#around.inTransaction === undefined;
    return process.steps.find(
      (step) =>
        process.deliveryOf(step) === delivery &&
        (isFree || step.inTransaction || (step.kind !== "state" && step.kind !== "begin")),
    );
  }

  async #take(delivery: Delivery): Promise<void> {
    const step = this.#stepOf(delivery) as Step;
    const at = this.choices.length;
    const choices = this.#choicesOf(delivery, step);
    this.choices.push(choices);
    const demanded = this.#schedule.get(at);
    const kind = choices.find((one) => one === demanded);
    if (kind === undefined) return this.#perform(delivery, step);
    this.taken.push({ at, kind });
    await this.#deviate(delivery, step, kind);
  }

  #choicesOf(delivery: Delivery, step: Step): readonly DeviationKind[] {
    const { owned, isAcknowledged } = delivery.parcel;
    const others = this.#waiting.filter((one) => one !== delivery);
    const canSwitch = others.some((one) => this.#stepOf(one) !== undefined);
    // Two at once are enough.
    const isAlone = others.length === 0;
    const can: Partial<Record<DeviationKind, boolean>> = {
      switch: canSwitch,
      overtake: isAlone && !isAcknowledged && delivery === owned,
      next: isAlone && this.agenda.meanwhile !== undefined,
      repeat: delivery === owned,
    };
    // Of a call that outlives its handler, nobody sees the failure.
    if (delivery.progress === "ended") return canSwitch ? ["die-before", "switch"] : ["die-before"];
    return deviationsAt(step.kind, step.inTransaction).filter((kind) => can[kind] ?? true);
  }

  async #perform(delivery: Delivery, step: Step): Promise<void> {
    const { steps } = delivery.process;
    steps.splice(steps.indexOf(step), 1);
    const outcome = await step.perform();
    this.story.took(delivery, step, outcome);
    step.settle(outcome);
  }

  async #deviate(delivery: Delivery, step: Step, kind: DeviationKind): Promise<void> {
    const { parcel, process } = delivery;
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
        return this.#deliver(this.#newProcess(), { parcel, redelivered: true });
      case "switch":
        this.story.deviates(() => `${process} stands still before it ${step.does()}`);
        return this.#switchTo(this.#otherThan(delivery) as Delivery);
      case "next":
        this.story.deviates(() => `${process} waits before it ${step.does()}`);
        return this.#deliver(process, this.agenda.take() as Due);
      case "repeat": {
        await this.#perform(delivery, step);
        this.story.deviates(() => `${parcel.name} arrives once more: its publisher repeated it`);
        parcel.isAcknowledged = false;
        const due = { parcel, redelivered: false, process };
        return this.agenda.postpones(due) ? undefined : this.#deliver(process, due);
      }
    }
  }

  /** Another delivery that has a step to take. */
  #otherThan(delivery: Delivery): Delivery | undefined {
    return this.#waiting.find((one) => one !== delivery && this.#stepOf(one) !== undefined);
  }

  /** The process to which something is delivered that was not lost with one. */
  #placeOf({ process = this.#current?.process, parcel }: Due): Host {
    const isLost = parcel.owned?.process.isDead === true;
    return process === undefined || process.isDead || isLost ? this.#newProcess() : process;
  }

  #newProcess(): Process {
    const process = new Process(this.#processes.length + 1, this.#around);
    this.#processes.push(process);
    return process;
  }

  #deliver(host: Host, { parcel, redelivered }: Due): void {
    const attempt = redelivered ? (parcel.owned?.attempt ?? 0) + 1 : 1;
    const process = host as Process;
    const delivery: Delivery = { parcel, process, attempt, redelivered, progress: "waiting" };
    parcel.owned = delivery;
    this.#current = delivery;
    const handle = async (): Promise<unknown> => {
      if (!this.#handlers.has(process)) this.#handlers.set(process, await this.#setting.start(process));
      return this.#setting.handle(this.#handlers.get(process), delivery, this.#signal);
    };
    process.deliver(delivery, handle, (answer) => {
      delivery.progress = "ended";
      if (delivery !== parcel.owned) return;
      parcel.isAcknowledged = true;
      parcel.answer = answer;
    });
  }

  /** A handler that failed is given the message again, if that is still its own. */
  #retry(delivery: Delivery): void {
    const { error, parcel, process } = delivery;
    delivery.progress = "ended";
    this.story.threw(delivery);
    if (delivery !== parcel.owned || parcel.isAcknowledged) return;
    parcel.failures += error instanceof InjectedFailure ? 0 : 1;
    const due = { parcel, redelivered: true, process };
    if (this.agenda.postpones(due)) return;
    this.#deliver(process, due);
    // The retry has a delay, in which another process that stands still goes on.
    const other = this.#otherThan(parcel.owned as Delivery);
    if (other !== undefined) this.#switchTo(other);
  }

  #switchTo(delivery: Delivery): void {
    this.#current = delivery;
    if (delivery.progress !== "waiting") this.story.goesOn(delivery);
  }
}
