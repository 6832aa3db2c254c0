export type Labels = Readonly<Record<string, string>>;
/** A value of a metric. What is not known is `null`. */
export type Sample = readonly [labels: Labels, value: number | boolean | null];

/** A metric of an installation, with the values that it has now. */
export interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `merp_status_${name}`, type: "gauge", help, samples };
}

export function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `merp_status_${name}`, type: "counter", help, samples };
}

/** A metric in the text format of Prometheus. One without a known sample is left out. */
export function textOf({ name, type, help, samples }: Metric): string {
  const known = samples.filter(([, value]) => value !== null);
  if (known.length === 0) return "";
  const lines = known.map(([labels, value]) => `${name}${labelText(labels)} ${Number(value)}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
