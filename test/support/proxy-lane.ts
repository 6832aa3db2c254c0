import type { Socket } from "node:net";

export interface LaneRules {
  /** What becomes of bytes that have come to the far end of the lane now. */
  fate(): "deliver" | "hold" | "lose";
  delayMs(): number;
  /** How many of so many bytes may pass before the connection is cut. */
  allowance(bytes: number): number;
  cut(): void;
}

/** One direction of a proxied connection: bytes, and at last the closing, each due at its time and in their order. */
export class ProxyLane {
  /** It has lost something, and so carries nothing any more: TCP does not lose bytes in its middle. */
  dead = false;
  readonly #to: Socket;
  readonly #rules: LaneRules;
  readonly #queue: { readonly dueAt: number; readonly bytes: Buffer | "end" }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, rules: LaneRules) {
    this.#to = to;
    this.#rules = rules;
    from.on("data", (bytes: Buffer) => this.#push(bytes));
    from.on("end", () => this.#push("end"));
    from.on("close", () => clearTimeout(this.#timer));
  }

  /** Delivers what is due; called again whenever the rules have changed. */
  pump(): void {
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const fate = this.#rules.fate();
      if (fate === "hold") {
        return;
      }
      this.dead ||= fate === "lose";
      if (!this.dead) {
        const waitMs = head.dueAt - performance.now();
        if (waitMs > 0) {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMs));
          return;
        }
        this.#deliver(head.bytes);
      }
      this.#queue.shift();
    }
  }

  #push(bytes: Buffer | "end"): void {
    this.#queue.push({ dueAt: performance.now() + this.#rules.delayMs(), bytes });
    this.pump();
  }

  #deliver(bytes: Buffer | "end"): void {
    if (this.#to.destroyed) {
      return;
    }
    if (bytes === "end") {
      this.#to.end();
      return;
    }
    const allowed = this.#rules.allowance(bytes.length);
    if (allowed === bytes.length) {
      this.#to.write(bytes);
    } else {
      this.dead = true;
      this.#to.write(bytes.subarray(0, allowed), () => this.#rules.cut());
    }
  }
}
