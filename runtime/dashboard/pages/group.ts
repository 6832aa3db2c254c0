import { type Content, type Html, html } from "../../contract/html.js";
import { type Series, seriesKey } from "../history.js";
import type { GroupState, MemberState } from "../source/overview.js";
import { figure, type Subject } from "./plot.js";
import { missing } from "./streams.js";
import { table } from "./table.js";
import { reasonOf } from "./unseen.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { age, count, entries, name, plain, sentence, several, sign, whole } from "./words.js";

/** One group, with its members. */
export async function group(asked: Asked): Promise<View> {
  const { root, shared, mayAct } = asked;
  const { streams, unseen } = await shared.get();
  const [streamName, groupName] = [given(asked, "stream") ?? "", given(asked, "group") ?? ""];
  const found = streams.find((each) => each.name === streamName)?.groups.find((each) => each.name === groupName);
  const back = html`<a href="${root}/streams">All streams</a>`;
  const away = unseen.find((each) => each.name === streamName);
  if (away !== undefined) return { title: groupName, main: html`<h1>${name(groupName)}</h1>${reasonOf(away)}` };
  if (found === undefined) return missing("Group", "There is no such group", back);
  const level = (key: string): Series => shared.history.level(seriesKey(key, streamName, groupName));
  const subject = (label: string, kind: string, unit = ""): Subject => ({ label, kind, unit });
  const main = html`<p class="crumbs"><a href="${root}/streams">Streams</a> › <a href="${addressOf(root, "stream", { stream: streamName })}">${name(streamName)}</a></p>
<h1>${name(groupName)}</h1>
<p class="lead">${stateOf(found)}</p>
${found.pauses.map((text) => html`<p class="banner">${sign("notable", "Paused")} ${sentence(text)}</p>`)}
${mayAct && actionsOf(streamName, found)}
<h2 class="hidden">Measures</h2>
<div class="measures">
${figure(level("lag"), subject("Waiting to be taken", "notification"), count(found.lag))}
${figure(shared.history.rate(seriesKey("read", streamName, groupName)), subject("Taken each second", "command"))}
${figure(level("pending"), subject("Taken, not settled", "type"), whole(found.pending))}
${figure(level("oldest"), subject("Age of the oldest", "service", " s"), age(found.oldestMs))}</div>
<h2>Members</h2>
${memberTable(found)}`;
  return { title: groupName, main };
}

function actionsOf(stream: string, { name: group, pauses, retrying }: GroupState): Html {
  const form = (action: string, label: string, ask: string): Html =>
    html`<form class="act" data-do="${action}" data-ask="${plain(ask)}" hidden><input type="hidden" name="stream" value="${stream}"><input type="hidden" name="group" value="${group}"><button>${label}</button></form> `;
  return html`<div class="acts">${pauses.length === 0 ? form("pause", "Pause", `Pause ${group} on ${stream}? Its members take nothing until it is resumed.`) : form("resume", "Resume", `Resume ${group} on ${stream}?`)}${
    retrying > 0 && form("retry-now", "Retry now", `Have ${entries(retrying)} be retried at once?`)
  }</div>`;
}

const STATES = { alive: "good", silent: "notable", dead: "bad" } as const;

function memberTable({ list, members }: GroupState): Content {
  if (members === 0) return html`<p class="empty">Nobody is a member.</p>`;
  const heads = [
    { head: "Member" },
    { head: "State" },
    { head: "Last heard of", isNumber: true },
    { head: "Pending", isNumber: true },
  ];
  const rows = list.map(({ name: member, state, silentMs, pending }: MemberState) => ({
    key: member,
    isBad: state === "dead" && pending > 0,
    cells: [name(member), sign(STATES[state], state), age(silentMs), whole(pending)],
  }));
  const further = members - list.length;
  return html`${table("Members", heads, rows)}${further > 0 && html`<p class="note">${whole(further)} more, which are alive and hold less.</p>`}`;
}

function stateOf({ members, alive, lag, pending, retrying, openLetters }: GroupState): Content {
  const work = lag === undefined ? "It is not known how much waits" : `${entries(lag)} ${lag === 1 ? "waits" : "wait"}`;
  return `${alive} of ${several(members, "member")} ${alive === 1 ? "is" : "are"} alive. ${work}, ${whole(pending)} pending, ${whole(retrying)} of them for a retry; ${several(openLetters, "open dead letter")}.`;
}
