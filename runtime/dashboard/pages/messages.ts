import { type Content, type Html, html } from "../../contract/html.js";
import type { Found, MessageLine, MessageState, Query } from "../source/message-state.js";
import { missing } from "./streams.js";
import { table } from "./table.js";
import { reasonOf } from "./unseen.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { moment, NOTHING, name, plain, sentence, sign, whole } from "./words.js";

const FIELDS = [
  ["type", "Type", "user.created, user.*"],
  ["company", "Company", ""],
  ["correlation", "Correlation", ""],
  ["field", "Field", "after_data.status=active"],
] as const;

/** The newest messages of a stream, or those that are looked for. */
export async function messages(asked: Asked): Promise<View> {
  const { root, source, shared } = asked;
  const { streams, unseen } = await shared.get();
  const known = [...streams, ...unseen].map((each) => each.name);
  const stream = given(asked, "stream") ?? known[0] ?? "events";
  const away = unseen.find((each) => each.name === stream);
  const wanted = Object.fromEntries(FIELDS.map(([field]) => [field, given(asked, field)]));
  const query = { stream, ...wanted, before: given(asked, "before") };
  const found = away === undefined ? foundPart(asked, query, await source.messages(query)) : reasonOf(away);
  const main = html`<h1>Messages</h1>
<form class="search" method="get" action="${root}/messages" role="search" data-keep="">
<label>Stream <select name="stream">${[...new Set([...known, stream])].map((each) => html`<option value="${each}"${each === stream && html` selected`}>${plain(each)}</option>`)}</select></label>
${FIELDS.map(([field, label, example]) => html`<label>${label} <input name="${field}" value="${wanted[field] ?? ""}" placeholder="${example}" autocomplete="off" spellcheck="false"></label>`)}
<button>Find</button></form>
${found}`;
  const isStill = [...Object.values(wanted), given(asked, "before")].some((each) => each !== undefined);
  return { title: "Messages", main, isStill };
}

function foundPart({ root }: Asked, query: Query, { items, next, looked }: Found): Html {
  return html`<p class="note">${whole(items.length)} of the ${whole(looked)} entries that were looked at, the newest first.</p>
${items.length === 0 ? html`<p class="empty">None of them matches.</p>` : messageTable(root, items)}
${next !== undefined && html`<p class="jumps"><a href="${addressOf(root, "messages", { ...query, before: next })}">Older ones</a></p>`}`;
}

function messageTable(root: string, items: readonly MessageLine[]): Html {
  const heads = ["Time", "Type", "From", "Company", "Correlation"].map((head) => ({ head }));
  const rows = items.map((line) => ({
    key: line.id,
    cells: [
      html`<a href="${addressOf(root, "message", { stream: line.stream, id: line.id })}">${moment(line.atMs)}</a>`,
      typeOf(line.type),
      nameOr(line.source),
      nameOr(line.company),
      line.correlation === undefined
        ? NOTHING
        : html`<a href="${addressOf(root, "story", { id: line.correlation })}">${name(line.correlation)}</a>`,
    ],
  }));
  return table("Messages", heads, rows);
}

/** The type of a message; words for one that states none. */
export function typeOf(type: string | undefined): Html {
  return type === undefined ? html`<span class="nothing">no type</span>` : name(type);
}

function nameOr(text: string | undefined): Content {
  return text === undefined || text === "" ? NOTHING : name(text);
}

/** One message, and what became of it. */
export async function message(asked: Asked): Promise<View> {
  const { root, source } = asked;
  const [stream, id] = [given(asked, "stream") ?? "", given(asked, "id") ?? ""];
  const found = await source.message(stream, id);
  const back = html`<a href="${addressOf(root, "messages", { stream })}">The messages of the stream</a>`;
  if (found === undefined) return missing("Message", "There is no such message", back);
  const main = html`<p class="crumbs"><a href="${addressOf(root, "messages", { stream })}">Messages of ${name(stream)}</a></p>
<h1>${typeOf(found.type)}</h1>
<p class="lead">Published by ${nameOr(found.source)} on ${moment(found.atMs)}.</p>
${factsOf(found)}
<p class="jumps"><a href="${addressOf(root, "story", { id: found.storyId })}">Its story</a></p>
${found.issues.length > 0 && html`<div class="banner"><p>${sign("bad", "It breaks its contract")}</p><ul>${found.issues.map((issue) => html`<li>${sentence(issue)}</li>`)}</ul></div>`}
<h2>What became of it</h2>
${found.fates.length === 0 ? html`<p class="empty">No group reads this stream.</p>` : fates(root, stream, found.fates)}
<h2>Content</h2>
<p class="note">What the contract marks as sensitive is masked.</p>
<pre tabindex="0" aria-label="Content"><code>${found.text}</code></pre>`;
  return { title: found.type ?? "Message", main };
}

function factsOf({ stream, id, company, correlation }: MessageState): Html {
  const facts = [
    ["Stream", name(stream)],
    ["Entry", name(id)],
    ["Company", nameOr(company)],
    ["Correlation", nameOr(correlation)],
  ] as const;
  return html`<dl class="pairs">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function fates(root: string, stream: string, all: MessageState["fates"]): Html {
  const rows = all.map(({ group, text, isBad, letter }) => ({
    ...{ key: group, isBad },
    cells: [
      name(group),
      letter === undefined
        ? sentence(text)
        : html`<a href="${addressOf(root, "letter", { stream, id: letter })}">${sentence(text)}</a>`,
    ],
  }));
  return table("What became of it", [{ head: "Group" }, { head: "It" }], rows);
}
