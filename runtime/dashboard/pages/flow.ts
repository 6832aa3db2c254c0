import { type Html, html } from "../../contract/html.js";
import type { Flowing } from "../source/source.js";
import { drawFlow } from "./flow-picture.js";
import { table } from "./table.js";
import { unseenNotes } from "./unseen.js";
import { type Asked, addressOf, type View } from "./view.js";
import { entries, length, NOTHING, name, whole } from "./words.js";

/** So many boxes are drawn; the table has all. */
const DRAWN = 36;

/** Who publishes what to whom, drawn from the newest entries. */
export async function flow({ root, source, shared }: Asked): Promise<View> {
  const [{ flowing, silent, looked, sinceMs, unseen }, { atMs }] = await Promise.all([source.traffic(), shared.get()]);
  const joined = joinAlike(flowing.filter(({ kind }) => kind !== "health")).sort((a, b) => totalOf(b) - totalOf(a));
  const drawn = joined.slice(0, DRAWN);
  const streams = [...new Set(flowing.map(({ stream }) => stream))];
  const main = html`<h1>Flow</h1>
<p class="lead">Who publishes what, and which groups handle it: drawn from the newest ${entries(looked)}${sinceMs !== undefined && `, of the last ${length(atMs - sinceMs)}`}.</p>
${unseenNotes(unseen)}
${flowing.length === 0 ? html`<p class="empty">No stream${unseen.length > 0 && " that can be asked"} has an entry yet.</p>` : drawFlow(root, drawn, streams)}
${joined.length > drawn.length && html`<p class="note">The ${whole(drawn.length)} busiest are drawn; the table has all.</p>`}
${silent.length > 0 && html`<p class="note">Without lines, since no member tells what it handles: ${silent.map(({ stream, group }, at) => html`${at > 0 && ", "}<a href="${addressOf(root, "group", { stream, group })}">${name(group)}</a> (${name(stream)})`)}.</p>`}
<h2>As a table</h2>
<p class="note">Reports of health, which every service sends, are in the table alone.</p>
${flowTable(root, flowing)}`;
  return { title: "Flow", main };
}

function flowTable(root: string, flowing: readonly Flowing[]): Html {
  const heads = [
    { head: "Type" },
    { head: "Stream" },
    { head: "Published by" },
    { head: "Handled by" },
    { head: "Sampled", isNumber: true },
  ];
  const rows = flowing.map((each) => ({
    key: `${each.stream} ${each.type}`,
    cells: [
      html`<a href="${addressOf(root, "messages", { stream: each.stream, type: each.type })}">${name(each.type)}</a>`,
      name(each.stream),
      namesOf(each.from.map(({ service }) => service)),
      namesOf(each.to),
      whole(totalOf(each)),
    ],
  }));
  return table("Flow of messages", heads, rows);
}

function namesOf(names: readonly string[]): Html {
  return names.length === 0 ? NOTHING : html`${names.map((each, at) => [at > 0 && ", ", name(each)])}`;
}

export function totalOf({ from }: Flowing): number {
  return from.reduce((sum, { count }) => sum + count, 0);
}

/** Types of one subject that come from and go to the same are one box: `user.*`, or `user.locked +2` where others go elsewhere. */
function joinAlike(flowing: readonly Flowing[]): Flowing[] {
  const alike = new Map<string, Flowing[]>();
  for (const each of flowing) {
    const services = each.from.map(({ service }) => service).sort();
    const key = JSON.stringify([each.stream, subjectOf(each.type), services, [...each.to].sort()]);
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [...alike.values()].map((group) => {
    const [first] = group as [Flowing];
    if (group.length === 1) return first;
    const subject = subjectOf(first.type);
    const isWhole =
      flowing.filter(({ stream, type }) => stream === first.stream && subjectOf(type) === subject).length ===
      group.length;
    const type = subject !== "" && isWhole ? `${subject}.*` : `${first.type} +${group.length - 1}`;
    const from = first.from.map(({ service }) => {
      const counts = group.flatMap((each) => each.from).filter((each) => each.service === service);
      return { service, count: counts.reduce((sum, { count }) => sum + count, 0) };
    });
    return { ...first, type, from };
  });
}

/** What a type is about: `user` of `user.created`. */
function subjectOf(type: string): string {
  return type.includes(".") ? (type.split(".", 1)[0] ?? "") : "";
}
