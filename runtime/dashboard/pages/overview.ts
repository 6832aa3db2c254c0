import { type Content, type Html, html } from "../../contract/html.js";
import { latest, seriesKey } from "../history.js";
import type { Fault, ServiceState, Snapshot, StreamState } from "../source/overview.js";
import { figure, plot } from "./plot.js";
import { conditionOf, noReports, reportedAgo } from "./services.js";
import { table } from "./table.js";
import { type Asked, addressOf, type View } from "./view.js";
import { age, count, measure, name, sentence, several, sign, whole } from "./words.js";

/** What is wrong, first; then how much there is to do, and who does it. */
export async function overview({ root, shared }: Asked): Promise<View> {
  const snapshot = await shared.get();
  const critical = snapshot.faults.filter(({ severity }) => severity === "critical").length;
  const verdict = verdictOf(snapshot.faults);
  const { history } = shared;
  const rate = history.rate(seriesKey("added"));
  const sum = (key: string): number => latest(history.level(seriesKey(key))) ?? 0;
  const main = html`<h1>${verdict}</h1>
<p class="note">${snapshot.environment === "" ? "No environment" : html`Environment ${name(snapshot.environment)}`} at ${name(snapshot.address)}, ${several(snapshot.streams.length + snapshot.unseen.length, "stream")}, ${several(snapshot.services.length, "service")}.</p>
${faultList(root, snapshot.faults)}
<h2 class="hidden">Measures</h2>
<div class="measures">
${figure(rate, { label: "Published each second", kind: "event" })}
${figure(history.rate(seriesKey("read")), { label: "Taken by groups each second", kind: "command" })}
${figure(history.level(seriesKey("lag")), { label: "Waiting to be taken", kind: "notification" })}
${figure(history.level(seriesKey("pending")), { label: "Taken, not settled", kind: "type" }, html`${whole(sum("pending"))}${sum("retrying") > 0 && html` <small>${whole(sum("retrying"))} wait for a retry</small>`}`)}
${figure(history.level(seriesKey("letters")), { label: "Open dead letters", kind: "bad" })}
</div>
<section aria-labelledby="streams"><h2 id="streams"><a href="${root}/streams">Streams</a></h2>
${streamTable(root, snapshot, shared.history)}</section>
<section aria-labelledby="services"><h2 id="services"><a href="${root}/services">Services</a></h2>
${serviceList(snapshot)}</section>`;
  return { title: "Overview", main, verdict: { faults: critical, text: verdict } };
}

function verdictOf(faults: readonly Fault[]): string {
  const of = (severity: Fault["severity"]): number => faults.filter((fault) => fault.severity === severity).length;
  const [critical, warnings] = [of("critical"), of("warning")];
  const further = warnings === 0 ? "" : `, ${several(warnings, "warning")}`;
  if (critical > 0) return `${critical === 1 ? "One thing is" : `${whole(critical)} things are`} broken${further}`;
  if (warnings > 0) return `Nothing is broken, ${several(warnings, "warning")}`;
  return "All is well";
}

const SIGNS = {
  critical: { kind: "bad", word: "Broken" },
  warning: { kind: "notable", word: "Warning" },
  notice: { kind: "calm", word: "Notice" },
} as const;

function faultList(root: string, faults: readonly Fault[]): Content {
  if (faults.length === 0)
    return html`<p class="well">${sign("good", "Every group is served, and no dead letter is open.")}</p>`;
  return html`<ul class="faults">${faults.map((fault) => {
    const { key, severity, text, command, stream, group } = fault;
    const page =
      stream === undefined ? undefined : addressOf(root, group === undefined ? "stream" : "group", { stream, group });
    return html`<li class="${severity}" data-key="${key}">${sign(SIGNS[severity].kind, SIGNS[severity].word)}
<p>${sentence(text)}${page !== undefined && html` <a href="${page}">Look at ${name(group ?? stream ?? "")}</a>`}</p>${
      command !== undefined &&
      html`<p class="command"><code>${sentence(command)}</code> ${/^(merp|redis-cli) /.test(command) && html`<button type="button" class="copy" data-copy="${command}" hidden>Copy</button>`}</p>`
    }</li>`;
  })}</ul>`;
}

function streamTable(root: string, { streams, unseen }: Snapshot, history: Asked["shared"]["history"]): Html {
  const columns = [
    { head: "Stream" },
    { head: "Published each second" },
    { head: "Rate", isNumber: true },
    { head: "Entries", isNumber: true },
    { head: "Waiting", isNumber: true },
    { head: "Pending", isNumber: true },
    { head: "Oldest", isNumber: true },
    { head: "Dead letters", isNumber: true },
  ];
  const rows = streams.map((stream) => {
    const rate = history.rate(seriesKey("added", stream.name));
    const { lag, pending, oldestMs, letters } = sumsOf(stream);
    return {
      key: stream.name,
      cells: [
        html`<a href="${addressOf(root, "stream", { stream: stream.name })}">${name(stream.name)}</a>`,
        plot(rate, { label: `${stream.name} each second`, kind: stream.name }),
        measure(latest(rate)),
        whole(stream.length),
        whole(lag),
        whole(pending),
        age(oldestMs),
        letters === 0
          ? "0"
          : html`<a class="alarm" href="${addressOf(root, "letters", { stream: stream.name })}">${whole(letters)}</a>`,
      ],
    };
  });
  const unknown = unseen.map(({ name: stream }) => ({
    key: stream,
    isBad: true,
    cells: [
      html`<a href="${addressOf(root, "stream", { stream })}">${name(stream)}</a>`,
      sign("bad", "unknown"),
      ...columns.slice(2).map(() => count(undefined)),
    ],
  }));
  return table("Streams", columns, [...unknown, ...rows]);
}

/** What the groups of a stream have before them. */
export function sumsOf({ groups }: StreamState): {
  lag: number;
  pending: number;
  letters: number;
  oldestMs: number | undefined;
} {
  const oldest = groups.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    lag: groups.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    pending: groups.reduce((sum, { pending }) => sum + pending, 0),
    letters: groups.reduce((sum, { openLetters }) => sum + openLetters, 0),
    oldestMs: oldest.length === 0 ? undefined : Math.max(...oldest),
  };
}

function serviceList({ services, unseen }: Snapshot): Content {
  if (services.length === 0) return noReports(unseen);
  const ofKind = (wanted: string): readonly ServiceState[] =>
    services.filter((service) => conditionOf(service).kind === wanted);
  const worstFirst = ["bad", "notable", "calm", "good"].flatMap(ofKind);
  return html`<ul class="chips">${worstFirst.map((service) => {
    const { kind, word } = conditionOf(service);
    return html`<li data-key="${service.name}">${sign(kind, word)} <b>${name(service.name)}</b> <span class="count">${reportedAgo(service)}</span></li>`;
  })}</ul>`;
}
