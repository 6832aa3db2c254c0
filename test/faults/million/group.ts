import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../../generated/index.js";
import { type Child, startChild } from "../../support/child.js";
import { instant, JournalReader } from "../journal.js";
import type { Role } from "../member.js";
import type { ServiceNews } from "../service.js";
import { Steps } from "./steps.js";
import { type Evidence, Judge, type Span, type Verdict } from "./verdict.js";

interface Member {
  readonly child: Child<ServiceNews>;
  readonly reader: JournalReader;
  readonly stops: Span[];
  killed: Span | undefined;
  /** Whether it neither ends nor stands still. */
  isWell: boolean;
}

export interface GroupOptions {
  /** Where its members write their journals. */
  readonly folder: string;
  /** The greatest serial number. */
  readonly messages: number;
  /** For each member. */
  readonly role: Pick<Role, "url" | "brief" | "behaviours"> & { readonly settings: Settings };
}

/** The processes of one service, and what they handled. */
export class Group {
  readonly service: string;
  readonly #options: GroupOptions;
  readonly #members: Member[] = [];
  readonly #steps = new Steps();
  readonly #seen: Uint8Array;
  #spawned = 0;
  #handled = 0;

  constructor(service: string, options: GroupOptions) {
    this.service = service;
    this.#options = options;
    this.#seen = new Uint8Array(options.messages + 1);
  }

  /** How many different messages it has handled so far. */
  get handled(): number {
    return this.#handled;
  }

  /** How many of its members may be killed, stopped or replaced now. */
  get well(): number {
    return this.#members.filter(({ isWell }) => isWell).length;
  }

  async spawn(): Promise<void> {
    const { folder, role } = this.#options;
    const journal = join(folder, `${this.service}-${++this.#spawned}`);
    const child = await startChild<ServiceNews>(new URL("../service.ts", import.meta.url), {
      arguments: [JSON.stringify({ ...role, service: this.service, journal } satisfies Role)],
    });
    const reader = new JournalReader(journal);
    const member: Member = { child, reader, stops: [], killed: undefined, isWell: false };
    this.#members.push(member);
    await child.next((news) => "ready" in news, { withinMs: 120_000 });
    member.isWell = true;
  }

  /** SIGKILL, and another one in its place. */
  async kill(): Promise<void> {
    const victim = this.#any();
    victim.isWell = false;
    const from = instant();
    victim.child.kill();
    await victim.child.exited;
    victim.killed = { from, until: instant() };
    await this.spawn();
  }

  /** SIGSTOP for so long, then SIGCONT. */
  async stop(ms: number): Promise<void> {
    const victim = this.#any();
    victim.isWell = false;
    const stop = { from: instant(), until: Number.POSITIVE_INFINITY };
    victim.stops.push(stop);
    victim.child.kill("SIGSTOP");
    await sleep(ms);
    victim.child.kill("SIGCONT");
    stop.until = instant();
    victim.isWell = true;
  }

  /** SIGTERM, and another one in its place beforehand. */
  async replace(): Promise<void> {
    const victim = this.#any();
    victim.isWell = false;
    await this.spawn();
    victim.child.kill("SIGTERM");
    await victim.child.exited;
  }

  /** Reads what its members have written since the last look. */
  read(): void {
    for (const [by, { reader }] of this.#members.entries()) {
      for (const line of reader.lines()) {
        this.#steps.add(line, by);
        if (line.mark !== "handled" || this.#seen[line.serial] === 1) continue;
        this.#seen[line.serial] = 1;
        this.#handled++;
      }
    }
  }

  /** Those of the first so many messages that it has not handled. */
  lost(published: number): number[] {
    const serials = Array.from({ length: published }, (_, at) => at + 1);
    return serials.filter((serial) => this.#seen[serial] === 0);
  }

  judge(evidence: Omit<Evidence, "fates">): Verdict {
    return new Judge({ ...evidence, fates: this.#members }).judge(this.#steps.inTime());
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ child }) => child.stop()));
    for (const { reader } of this.#members) reader.close();
  }

  #any(): Member {
    const well = this.#members.filter(({ isWell }) => isWell);
    return well[Math.floor(Math.random() * well.length)] as Member;
  }
}
