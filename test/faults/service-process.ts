import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../support/child.js";
import type { Ledger } from "./ledger.js";
import type { ServiceNews } from "./service.js";

/** A consumer in a process of its own. */
export interface ServiceProcess {
  readonly by: string;
  readonly child: Child<ServiceNews>;
  /** SIGKILL; what it had handled may come again. */
  kill(): Promise<void>;
  /** SIGSTOP for so long, then SIGCONT; what it had handled may come again. */
  freeze(ms: number): Promise<void>;
}

/** The ledger learns what is done to the process. */
export function serviceProcess(by: string, child: Child<ServiceNews>, ledger: Ledger): ServiceProcess {
  void child.exited.then(() => ledger.note(`${by} has ended`));
  return {
    by,
    child,
    async kill() {
      const from = Date.now();
      ledger.note(`kills ${by}`);
      child.kill();
      await child.exited;
      ledger.blame({ name: `kill -9 of ${by}`, by, from, until: Date.now() });
    },
    async freeze(ms) {
      const from = Date.now();
      ledger.note(`stops ${by} for ${Math.round(ms)} ms`);
      child.kill("SIGSTOP");
      await sleep(ms);
      child.kill("SIGCONT");
      ledger.note(`has ${by} go on`);
      // It goes on with what it was in the middle of, beside whoever has that by then.
      ledger.blame({ name: `SIGSTOP of ${by}`, from, until: Date.now() });
    },
  };
}
