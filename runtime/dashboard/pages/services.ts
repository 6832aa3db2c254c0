import { type Html, html } from "../../contract/html.js";
import type { ServiceState, UnseenStream } from "../source/overview.js";
import { table } from "./table.js";
import { unseenNotes } from "./unseen.js";
import type { Asked, View } from "./view.js";
import { length, NOTHING, name, sign } from "./words.js";

/** What the services say of themselves. */
export async function services({ shared }: Asked): Promise<View> {
  const { services, unseen } = await shared.get();
  const heads = [
    { head: "Service" },
    { head: "State" },
    { head: "Last report", isNumber: true },
    { head: "Up for", isNumber: true },
    { head: "Version" },
  ];
  const rows = services.map((service) => {
    const { kind, word } = conditionOf(service);
    const { uptimeSeconds, version } = service;
    return {
      key: service.name,
      isBad: kind === "bad",
      cells: [
        name(service.name),
        sign(kind, word),
        reportedAgo(service),
        uptimeSeconds === undefined ? NOTHING : length(uptimeSeconds * 1000),
        version === undefined ? NOTHING : name(version),
      ],
    };
  });
  const main = html`<h1>Services</h1>
<p class="note">Of several instances of a service the last report counts. One that has not reported for five minutes is silent.</p>
${unseenNotes(unseen.filter(({ name }) => SOURCES.includes(name)))}
${services.length === 0 ? noReports(unseen) : table("Services", heads, rows)}`;
  return { title: "Services", main };
}

/** The streams by which services are known: their reports, and their starts and stops. */
const SOURCES = ["health", "events"];

/** Instead of a list of services that is empty. */
export function noReports(unseen: readonly UnseenStream[]): Html {
  const isKnown = !unseen.some(({ name }) => name === "health");
  return html`<p class="empty">${isKnown ? "No service has reported its health." : "What services report of their health is not known at present."}</p>`;
}

const SILENT_SECONDS = 300;

/** What to think of a service: one that has missed several reports says nothing of itself. */
export function conditionOf({ status, silentSeconds = Number.POSITIVE_INFINITY }: ServiceState): {
  readonly kind: "good" | "calm" | "notable" | "bad";
  readonly word: string;
} {
  if (status === "unhealthy") return { kind: "bad", word: "unhealthy" };
  if (status === "stopped") return { kind: "calm", word: "stopped" };
  if (silentSeconds > SILENT_SECONDS) return { kind: "notable", word: "silent" };
  return status === "healthy" ? { kind: "good", word: "healthy" } : { kind: "notable", word: status };
}

/** How long ago a service last reported. */
export function reportedAgo({ silentSeconds }: ServiceState): string {
  return silentSeconds === undefined ? "no report" : `${length(silentSeconds * 1000)} ago`;
}
