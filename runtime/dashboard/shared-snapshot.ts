import { History } from "./history.js";
import { Shared } from "./shared.js";
import type { Snapshot } from "./source/overview.js";
import type { DashboardSource } from "./source/source.js";

/** A little less than the time between two looks of a page. */
const FRESH_MS = 1500;

/** The state of everything at one moment, and how it changed while somebody looked. */
export class SharedSnapshot extends Shared<Snapshot> {
  readonly history: History;

  constructor(source: Pick<DashboardSource, "snapshot">) {
    const history = new History();
    super(async () => {
      const snapshot = await source.snapshot();
      history.add(snapshot);
      return snapshot;
    }, FRESH_MS);
    this.history = history;
  }
}
