import { alertKey, type HealthAlert } from "./alert.js";

/** The active alerts of each service. Each is raised once and cleared once. */
export class HealthAlertBoard {
  readonly #raised: (alert: HealthAlert) => void;
  readonly #cleared: (alert: HealthAlert) => void;
  /** By service, so that one with many alerts costs the others nothing. */
  readonly #active = new Map<string, Map<string, HealthAlert>>();

  constructor(raised: (alert: HealthAlert) => void, cleared: (alert: HealthAlert) => void) {
    this.#raised = raised;
    this.#cleared = cleared;
  }

  all(): HealthAlert[] {
    return [...this.#active.values()].flatMap((alerts) => [...alerts.values()]);
  }

  of(service: string): HealthAlert[] {
    return [...(this.#active.get(service)?.values() ?? [])];
  }

  /** Makes these the alerts of a service: raises the new ones, clears those that are gone. */
  settle(service: string, alerts: readonly HealthAlert[]): void {
    const active = this.#active.get(service) ?? new Map<string, HealthAlert>();
    const broken = new Map(alerts.map((alert) => [alertKey(alert), alert]));
    if (broken.size === 0) this.#active.delete(service);
    else this.#active.set(service, active);
    for (const [key, alert] of active) {
      if (broken.has(key)) continue;
      active.delete(key);
      this.#cleared(alert);
    }
    for (const [key, alert] of broken) {
      if (active.has(key)) continue;
      active.set(key, alert);
      this.#raised(alert);
    }
  }
}
