import type { Labels } from "../attribute.js";
import type { Metric, Sample } from "../metric.js";

/** Writes metrics in the text format of Prometheus, version 0.0.4. One without a value is left out. */
export function expositionOf(metrics: readonly Metric[], samples: readonly Sample[]): string {
  return metrics.map((metric) => family(metric, samples)).join("");
}

function family(metric: Metric, samples: readonly Sample[]): string {
  const readings = samples.flatMap((sample) => metric.read(sample));
  if (readings.length === 0) return "";
  const name = `${written(metric.name)}${metric.kind === "counter" ? "_total" : ""}`;
  const lines = readings.map(({ value, labels }) => `${name}{${labelsOf(labels)}} ${value}\n`);
  return `# HELP ${name} ${metric.description}\n# TYPE ${name} ${metric.kind}\n${lines.join("")}`;
}

function labelsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${written(name)}="${value.replace(/[\\"\n]/g, escaped)}"`)
    .join(",");
}

function written(name: string): string {
  return name.replaceAll(".", "_");
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}
