// telemetry/ makes traces and metrics of a messaging. It may import messaging/, contract/ and errors.ts.
import type { Health, OutboxHealth, StreamHealth } from "../messaging/health.js";
import type { Counts } from "../messaging/hooks.js";
import { DESTINATION, EVENT, GROUP, type Labels, SERVICE } from "./attribute.js";
import type { Count, Tally } from "./tally.js";

/** What the metrics of a messaging are read from. */
export interface Sample {
  readonly service: string;
  readonly counts: Counts;
  /** `undefined` after the messaging has been closed: what is left are its counts. */
  readonly health: Health | undefined;
  readonly tally: Tally;
}

/** One value of a metric. */
export interface Reading {
  readonly value: number;
  readonly labels: Labels;
}

/** A metric of ours, as OpenTelemetry and Prometheus both have it. */
export interface Metric {
  /** Seconds stand in the name, since not every way to Prometheus adds the unit. */
  readonly name: string;
  readonly kind: "gauge" | "counter";
  /** As UCUM writes it. Braces say what is counted. */
  readonly unit: string;
  readonly description: string;
  readonly read: (sample: Sample) => readonly Reading[];
}

/** All metrics that are read from the health of a messaging and its counts, in the order of the documentation. */
export const METRICS: readonly Metric[] = [
  ofService("healthy", "{service}", "1, or 0 while health() is unhealthy.", ({ status }) => +(status !== "unhealthy")),
  ofService("redis.connected", "{service}", "1 if Redis answers, 0 if not.", ({ details }) => +details.redis.connected),
  ofService("redis.latency_seconds", "s", "The time that Redis takes to answer a PING.", ({ details }) =>
    details.redis.latency_ms === null ? undefined : details.redis.latency_ms / 1000,
  ),
  ofService("heartbeat.confirmed", "{service}", "1 if others know that the consumers live, 0 if not.", ({ details }) =>
    details.heartbeat === null ? undefined : +(details.heartbeat.state !== "unconfirmed"),
  ),
  ofStream("consuming", "{consumer}", "1 if the consumer reads, 0 if it is stuck or stopped.", ({ loop }) =>
    Number(loop === "reading" || loop === "busy"),
  ),
  ofStream(
    "lag",
    "{message}",
    "Messages that were not delivered to the group. Absent where unknown.",
    ({ lag }) => lag,
  ),
  ofStream(
    "pending",
    "{message}",
    "Messages delivered and not acknowledged, parked ones included.",
    (it) => it.pending,
  ),
  ofStream(
    "oldest_pending_seconds",
    "s",
    "The age of the oldest pending message.",
    ({ oldest_pending_seconds: age }) => age,
  ),
  ofStream("parked", "{message}", "Pending messages that wait for a retry.", ({ retrying }) => retrying),
  ofStream("dead_letters", "{message}", "Dead letters that are open.", ({ dead_letters: count }) => count),
  ofStream(
    "oldest_dead_letter_seconds",
    "s",
    "The time since the oldest open dead letter became one.",
    ({ oldest_dead_letter_seconds: age }) => age,
  ),
  ofOutbox("waiting", "{message}", "Messages of the outbox that are committed and not published.", (it) => it.waiting),
  ofOutbox(
    "oldest_waiting_seconds",
    "s",
    "The time since the oldest of them was written.",
    ({ oldest_waiting_seconds: age }) => age,
  ),
  ofOutbox("refused", "{message}", "Messages of the outbox that cannot be published.", (it) => it.refused),
  {
    name: "merp.messaging.events",
    kind: "counter",
    unit: "{event}",
    description: "How often each event of the hooks has happened in this process.",
    read: ({ service, counts }) =>
      Object.entries(counts).map(([event, value]) => ({
        value,
        labels: { [SERVICE]: service, [EVENT]: event },
      })),
  },
  ofTally("dead_lettered", "{message}", "Messages moved to the dead letters by this process.", (it) => it.deadLettered),
  ofTally("group_unserved", "{event}", "How often a group that nobody serves was found.", (it) => it.unserved),
];

function ofService(
  name: string,
  unit: string,
  description: string,
  value: (health: Health) => number | undefined,
): Metric {
  const read = ({ service, health }: Sample): readonly Reading[] =>
    given(health === undefined ? undefined : value(health), { [SERVICE]: service });
  return { name: `merp.messaging.${name}`, kind: "gauge", unit, description, read };
}

function ofOutbox(name: string, unit: string, description: string, value: (outbox: OutboxHealth) => number): Metric {
  return ofService(`outbox.${name}`, unit, description, ({ details: { outbox } }) =>
    outbox === undefined || outbox === null ? undefined : value(outbox),
  );
}

function ofStream(
  name: string,
  unit: string,
  description: string,
  value: (stream: StreamHealth) => number | null,
): Metric {
  const read = ({ service, health }: Sample): readonly Reading[] =>
    Object.entries(health?.details.streams ?? {}).flatMap(([stream, state]) =>
      given(value(state), { [SERVICE]: service, [DESTINATION]: stream, [GROUP]: state.group }),
    );
  return { name: `merp.messaging.${name}`, kind: "gauge", unit, description, read };
}

function ofTally(name: string, unit: string, description: string, counts: (tally: Tally) => Iterable<Count>): Metric {
  const read = ({ service, tally }: Sample): readonly Reading[] =>
    [...counts(tally)].map(({ labels, value }) => ({ value, labels: { [SERVICE]: service, ...labels } }));
  return { name: `merp.messaging.${name}`, kind: "counter", unit, description, read };
}

/** What is unknown is left out: a 0 would say that all is well. */
function given(value: number | null | undefined, labels: Labels): readonly Reading[] {
  return value === null || value === undefined ? [] : [{ value, labels }];
}
