import { setTimeout as sleep } from "node:timers/promises";
import { UnrecoverableError } from "../../runtime/index.js";

/** What a handler does with a message. */
export type Deed =
  | { readonly do: "return" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "throw" }
  | { readonly do: "reject" }
  | { readonly do: "give up" }
  | { readonly do: "hang" }
  /** Keeps the event loop busy. */
  | { readonly do: "block"; readonly ms: number }
  | { readonly do: "exit" }
  /** SIGKILL to its own process. */
  | { readonly do: "die" };

/** How a process ends by its handler's doing, and by nothing else. */
export const EXIT_CODE = 7;

/** A deed, and which messages meet with it: by default all, on every attempt. */
export type Behaviour = Deed & {
  readonly on?: readonly number[];
  /** One message in so many, by its serial number. */
  readonly every?: number;
  /** With this probability. */
  readonly rate?: number;
  /** Only the first so many attempts. */
  readonly attempts?: number;
};

/** The first behaviour that is meant decides; where none is, the handler returns at once. */
export async function behave(behaviours: readonly Behaviour[], serial: number, attempt: number): Promise<void> {
  const meant = behaviours.find(
    ({ on, every, rate, attempts }) =>
      (on === undefined || on.includes(serial)) &&
      (every === undefined || serial % every === 0) &&
      (attempts === undefined || attempt <= attempts) &&
      (rate === undefined || Math.random() < rate),
  );
  switch (meant?.do) {
    case "wait":
      await sleep(meant.ms);
      break;
    case "throw":
      throw new Error(`message ${serial} fails`);
    case "reject":
      return Promise.reject(`message ${serial} is rejected`);
    case "give up":
      throw new UnrecoverableError(`message ${serial} is hopeless`);
    case "hang":
      return new Promise(() => {});
    case "block":
      block(meant.ms);
      break;
    case "exit":
      process.exit(EXIT_CODE);
      break;
    case "die":
      process.kill(process.pid, "SIGKILL");
      block(60_000);
  }
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // Nothing else in this process has its turn meanwhile.
  }
}
