import { type Content, html } from "../../contract/html.js";
import type { Step, Story } from "../source/message-state.js";
import { missing } from "./streams.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { moment, name, sentence } from "./words.js";

const MARKS: Readonly<Record<Step["kind"], string>> = {
  published: "→",
  handled: "✓",
  waiting: "…",
  retried: "↻",
  dead: "✗",
  answered: "←",
};

/** What a message, or all of one correlation, led to. */
export async function story(asked: Asked): Promise<View> {
  const { root, source } = asked;
  const id = given(asked, "id");
  const form = html`<form class="search" method="get" action="${root}/story" role="search" data-keep=""><label>Id of a message, or a correlation <input name="id" value="${id ?? ""}" size="40" autocomplete="off" spellcheck="false"></label><button>Tell</button></form>`;
  if (id === undefined) return { title: "Story", main: html`<h1>The story of a message</h1>${form}` };
  const found = await source.story(id);
  if (found === undefined)
    return missing("Story", "Nothing is known of this id", html`Only what the streams still hold is found.${form}`);
  const main = html`<p class="crumbs"><a href="${root}/messages">Messages</a></p>
<h1>The story of ${name(found.title)}</h1>
${form}
${found.steps.length === 0 && html`<p class="empty">The streams that can be read hold nothing of this id.</p>`}
<ol class="story">${found.steps.map((step) => stepItem(root, step))}</ol>
${remarks(found)}`;
  return { title: "Story", main, isStill: true };
}

function stepItem(root: string, { key, atMs, kind, text, isNamed, stream, id, depth }: Step): Content {
  const inner =
    stream !== undefined && id !== undefined
      ? html`<a href="${addressOf(root, "message", { stream, id })}">${sentence(text)}</a>`
      : sentence(text);
  return html`<li class="${kind} depth-${Math.min(depth, 6)}" data-key="${key}"><span class="mark" aria-hidden="true">${MARKS[kind]}</span><p>${isNamed === true ? html`<strong>${inner}</strong>` : inner} ${atMs !== undefined && moment(atMs)}</p></li>
`;
}

function remarks({ remarks }: Story): Content {
  return (
    remarks.length > 0 &&
    html`<h2>What is not known</h2><ul class="remarks">${remarks.map((text) => html`<li>${sentence(text)}</li>`)}</ul>`
  );
}
