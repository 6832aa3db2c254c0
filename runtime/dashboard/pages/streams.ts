import { type Content, type Html, html } from "../../contract/html.js";
import { latest, seriesKey } from "../history.js";
import type { GroupState, StreamState } from "../source/overview.js";
import { figure, plot } from "./plot.js";
import { table } from "./table.js";
import { reasonOf } from "./unseen.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { age, count, entries, length, measure, moment, name, sign, whole } from "./words.js";

/** Every stream with its groups. */
export async function streams({ root, shared }: Asked): Promise<View> {
  const { streams, unseen, atMs } = await shared.get();
  const isEmpty = streams.length + unseen.length === 0;
  const main = html`<h1>Streams</h1>
${isEmpty && html`<p class="empty">There is no stream in this environment yet.</p>`}
${unseen.map((stream) => html`<section data-key="${stream.name}"><h2>${name(stream.name)}</h2>${reasonOf(stream)}</section>`)}
${streams.map(
  (
    stream,
  ) => html`<section data-key="${stream.name}"><h2><a href="${addressOf(root, "stream", { stream: stream.name })}">${name(stream.name)}</a></h2>
${factsOf(stream, atMs)}
${groupTable(root, stream, shared.history)}</section>
`,
)}`;
  return { title: "Streams", main };
}

/** One stream, with its measures. */
export async function stream(asked: Asked): Promise<View> {
  const { root, shared } = asked;
  const { streams, unseen, atMs } = await shared.get();
  const away = unseen.find((each) => each.name === given(asked, "stream"));
  if (away !== undefined) return { title: away.name, main: html`<h1>${name(away.name)}</h1>${reasonOf(away)}` };
  const found = streams.find((each) => each.name === given(asked, "stream"));
  if (found === undefined)
    return missing("stream", "There is no such stream", html`<a href="${root}/streams">All streams</a>`);
  const rate = shared.history.rate(seriesKey("added", found.name));
  const main = html`<p class="crumbs"><a href="${root}/streams">Streams</a></p>
<h1>${name(found.name)}</h1>
${factsOf(found, atMs)}
<p class="jumps"><a href="${addressOf(root, "messages", { stream: found.name })}">Its messages</a> <a href="${addressOf(root, "letters", { stream: found.name })}">Its dead letters</a></p>
<h2 class="hidden">Measures</h2>
<div class="measures">${figure(rate, { label: "Published each second", kind: found.name })}
${found.groups.slice(0, 8).map((group) => figure(shared.history.level(seriesKey("lag", found.name, group.name)), { label: `Waiting for ${group.name}`, kind: "notification" }))}</div>
<h2>Groups</h2>
${groupTable(root, found, shared.history)}`;
  return { title: found.name, main };
}

function factsOf({ length: held, added, oldestMs, newestMs }: StreamState, nowMs: number): Html {
  const span = oldestMs === undefined || newestMs === undefined ? "" : `, of the last ${length(nowMs - oldestMs)}`;
  return html`<p class="note">${entries(held)}${span}; ${whole(added)} were ever added. The newest: ${moment(newestMs, nowMs)}.</p>`;
}

function groupTable(root: string, { name: stream, groups }: StreamState, history: Asked["shared"]["history"]): Html {
  if (groups.length === 0) return html`<p class="empty">No group reads it.</p>`;
  const columns = [
    { head: "Group" },
    { head: "State" },
    { head: "Taken each second" },
    { head: "Rate", isNumber: true },
    { head: "Waiting", isNumber: true },
    { head: "Pending", isNumber: true },
    { head: "Retries", isNumber: true },
    { head: "Oldest", isNumber: true },
    { head: "Members", isNumber: true },
    { head: "Dead letters", isNumber: true },
  ];
  const rows = groups.map((group) => {
    const rate = history.rate(seriesKey("read", stream, group.name));
    const { lag, pending, retrying, oldestMs, alive, members, openLetters } = group;
    return {
      key: group.name,
      isBad: isAbandoned(group),
      cells: [
        html`<a href="${addressOf(root, "group", { stream, group: group.name })}">${name(group.name)}</a>`,
        conditionOf(group),
        plot(rate, { label: `${group.name} each second`, kind: "command" }),
        measure(latest(rate)),
        count(lag),
        whole(pending),
        whole(retrying),
        age(oldestMs),
        html`${whole(alive)}<span class="count">/${whole(members)}</span>`,
        openLetters === 0
          ? "0"
          : html`<a class="alarm" href="${addressOf(root, "letters", { stream, group: group.name })}">${whole(openLetters)}</a>`,
      ],
    };
  });
  return table(`Groups of ${stream}`, columns, rows);
}

function isAbandoned({ alive, lag, pending }: GroupState): boolean {
  return alive === 0 && ((lag ?? 0) > 0 || pending > 0);
}

function conditionOf(group: GroupState): Html {
  if (group.isPaused) return sign("notable", "paused");
  if (isAbandoned(group)) return sign("bad", "nobody");
  return group.alive === 0 ? sign("notable", "idle") : sign("good", "served");
}

/** A page of what is not there. */
export function missing(title: string, text: string, further: Content): View {
  return {
    title,
    status: 404,
    main: html`<h1>${text}</h1>
<p>It may have been removed, or the address is not whole. ${further}</p>`,
  };
}
