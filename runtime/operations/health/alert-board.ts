import { alertKey, type HealthAlert } from "./alert.js";

/** The active alerts. Each is raised once and cleared once. */
export class HealthAlertBoard {
  readonly #raised: (alert: HealthAlert) => void;
  readonly #cleared: (alert: HealthAlert) => void;
  readonly #active = new Map<string, HealthAlert>();

  constructor(raised: (alert: HealthAlert) => void, cleared: (alert: HealthAlert) => void) {
    this.#raised = raised;
    this.#cleared = cleared;
  }

  all(): HealthAlert[] {
    return [...this.#active.values()];
  }

  of(service: string): HealthAlert[] {
    return this.all().filter((alert) => alert.service === service);
  }

  /** Makes these the alerts of a service: raises the new ones, clears those that are gone. */
  settle(service: string, alerts: readonly HealthAlert[]): void {
    const broken = new Set(alerts.map(alertKey));
    for (const alert of this.of(service)) {
      if (broken.has(alertKey(alert))) continue;
      this.#active.delete(alertKey(alert));
      this.#cleared(alert);
    }
    for (const alert of alerts) {
      if (this.#active.has(alertKey(alert))) continue;
      this.#active.set(alertKey(alert), alert);
      this.#raised(alert);
    }
  }
}
