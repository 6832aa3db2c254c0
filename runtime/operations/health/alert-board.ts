import { alertKey, type HealthAlert } from "./alert.js";

/** The active alerts. Each is raised once and cleared once. */
export class HealthAlertBoard {
  readonly #raised: (alert: HealthAlert) => void;
  readonly #cleared: (alert: HealthAlert) => void;
  /** By service, and by what each is about. */
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
    const broken = new Set(alerts.map(alertKey));
    for (const [key, alert] of [...active]) {
      if (broken.has(key)) continue;
      active.delete(key);
      this.#cleared(alert);
    }
    for (const alert of alerts) {
      if (active.has(alertKey(alert))) continue;
      active.set(alertKey(alert), alert);
      this.#raised(alert);
    }
    if (active.size > 0) this.#active.set(service, active);
    else this.#active.delete(service);
  }
}
