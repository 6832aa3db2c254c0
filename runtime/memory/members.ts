/** What is known of a member of a group. */
export interface Member {
  readonly name: string;
  readonly handles: ReadonlySet<string | undefined>;
  /** `left` in order, while others wait for its successor. */
  state: "living" | "crashed" | "left";
  /** When it was last known to live, in ms on the monotonic clock. */
  livedAt: number;
}

/** The members of a group and the types that they handle, also of those whose end is not noticed yet. */
export class Members {
  readonly #byName = new Map<string, Member>();
  #looks = 0;

  add(member: Member): void {
    this.#byName.set(member.name, member);
  }

  remove(name: string): void {
    this.#byName.delete(name);
  }

  clear(): void {
    this.#byName.clear();
  }

  get(name: string): Member | undefined {
    return this.#byName.get(name);
  }

  get all(): readonly Member[] {
    return [...this.#byName.values()];
  }

  others(name: string): readonly Member[] {
    return this.all.filter((member) => member.name !== name);
  }

  /** Whether any of them lives. */
  get isServed(): boolean {
    return this.all.some(({ state }) => state === "living");
  }

  get areAllLiving(): boolean {
    return this.all.every(({ state }) => state === "living");
  }

  isHandledElsewhere(name: string, type: string | undefined): boolean {
    return this.others(name).some(({ handles }) => handles.has(type));
  }

  /** Whether a living member lacks one of the types of this one. */
  receives(name: string): boolean {
    const own = this.get(name)?.handles ?? new Set();
    return this.others(name).some(
      ({ state, handles }) => state !== "left" && [...own].some((type) => !handles.has(type)),
    );
  }

  /** The heartbeats: that of a living member is another one at each look. */
  beats(): ReadonlyMap<string, string> {
    const look = ++this.#looks;
    return new Map(this.all.map(({ name, state }) => [name, state === "living" ? `lives ${look}` : "stands still"]));
  }

  /** Those that left and are waited for are forgotten with the last one that lives. */
  leave(name: string, now: number): void {
    const own = this.get(name);
    if (own === undefined) return;
    const others = this.others(name).filter(({ state }) => state !== "left");
    const isMissed = [...own.handles].some((type) => !others.some(({ handles }) => handles.has(type)));
    if (others.length > 0 && isMissed) {
      own.state = "left";
      own.livedAt = now;
      return;
    }
    this.remove(name);
    if (others.length === 0) for (const each of this.all) if (each.state === "left") this.remove(each.name);
  }
}
