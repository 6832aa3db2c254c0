import { type Content, type Html, html } from "../../contract/html.js";
import type { Cause, LetterLine } from "../source/letter-state.js";
import { typeOf } from "./messages.js";
import { table } from "./table.js";
import { unseenNotes } from "./unseen.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { moment, name, plain, sentence, several, sign, whole } from "./words.js";

/** The dead letters by their causes; those of one cause, or of a stream, one by one. */
export async function letters(asked: Asked): Promise<View> {
  const stream = given(asked, "stream");
  return stream === undefined ? byCause(asked) : oneByOne(asked, stream);
}

async function byCause({ root, source, mayAct }: Asked): Promise<View> {
  const { causes, others, unseen } = await source.causes();
  const open = causes.reduce((sum, { count }) => sum + count, 0);
  const main = html`<h1>Dead letters</h1>
${unseenNotes(unseen)}
${causes.length === 0 ? noneOpen(unseen.length > 0) : html`<p class="lead">${several(open, "open dead letter")} of ${several(causes.length, "cause")}. Mend the cause, then redrive: each goes to its group again, and to no other.</p>`}
${others > 0 && html`<p class="banner">${several(others, "letter")} more, of further causes.</p>`}
<ul class="causes">${causes.map((cause) => causeItem(root, cause, mayAct))}</ul>`;
  return { title: "Dead letters", main };
}

function noneOpen(isPart: boolean): Html {
  if (isPart) return html`<p class="empty">No dead letter is open in the other streams.</p>`;
  return html`<p class="well">${sign("good", "No dead letter is open.")}</p>`;
}

function causeItem(root: string, cause: Cause, mayAct: boolean): Html {
  const { id, stream, group, type, reason, count, firstMs, lastMs, sample, message } = cause;
  const filter = { stream, cause: id };
  const what = `${several(count, "letter")} of ${group} (${reason})`;
  return html`<li data-key="${JSON.stringify(filter)}"><h2><span class="number">${whole(count)}</span> ${name(reason)}</h2>
<p>${typeOf(type)} in <a href="${addressOf(root, "stream", { stream })}">${name(stream)}</a>, refused by <a href="${addressOf(root, "group", { stream, group })}">${name(group)}</a></p>
<p class="reason">${sentence(message)}</p>
<p class="note">First ${moment(firstMs)}, last ${moment(lastMs)}</p>
<div class="acts"><a class="button" href="${addressOf(root, "letters", filter)}">List</a> <a class="button" href="${addressOf(root, "letter", { stream, id: sample })}">Look at one</a>
${mayAct && [allForm("redrive-all", `Redrive ${what}?`, "Redrive all", filter), allForm("discard-all", `Discard ${what}? Nobody handles them then.`, "Discard all", filter)]}</div></li>
`;
}

function allForm(
  action: string,
  ask: string,
  label: string,
  filter: Readonly<Record<string, string | undefined>>,
): Html {
  const fields = Object.entries(filter).map(
    ([field, value]) => value !== undefined && html`<input type="hidden" name="${field}" value="${value}">`,
  );
  return html`<form class="act" data-do="${action}" data-ask="${plain(ask)}"${action.startsWith("discard") && html` data-needs-why=""`} hidden>${fields}<button${action.startsWith("discard") && html` class="danger"`}>${label}</button></form>`;
}

const STATES = ["open", "redriven", "discarded", "any"];

async function oneByOne(asked: Asked, stream: string): Promise<View> {
  const { root, source } = asked;
  const [group, type, cause] = [given(asked, "group"), given(asked, "type"), given(asked, "cause")];
  const state = STATES.find((each) => each === given(asked, "state")) ?? "open";
  const filter = { stream, group, type, cause };
  const { items, next } = await source.letters({ ...filter, state, after: given(asked, "after") });
  const conditions = [group, type, cause === undefined ? undefined : `cause ${cause}`];
  const wanted = conditions.filter((text) => text !== undefined).join(", ");
  const main = html`<p class="crumbs"><a href="${root}/letters">Dead letters</a></p>
<h1>Dead letters of ${name(stream)}</h1>
${wanted !== "" && html`<p class="lead">${name(wanted)}</p>`}
<ul class="tabs" aria-label="State">${STATES.map((each) => html`<li><a href="${addressOf(root, "letters", { ...filter, state: each })}"${each === state && html` aria-current="true"`}>${each}</a></li>`)}</ul>
${items.length === 0 ? html`<p class="empty">None${next !== undefined && " among those that were looked at"}.</p>` : letterTable(root, items)}
${next !== undefined && html`<p class="jumps"><a href="${addressOf(root, "letters", { ...filter, state, after: next })}">Later ones</a></p>`}`;
  return { title: `Dead letters of ${stream}`, main, isStill: true };
}

function letterTable(root: string, items: readonly LetterLine[]): Content {
  const heads = ["Time", "Type", "Group", "Reason", "State"].map((head) => ({ head }));
  const rows = items.map(({ stream, id, atMs, group, type, reason, state }) => ({
    key: id,
    cells: [
      html`<a href="${addressOf(root, "letter", { stream, id })}">${moment(atMs)}</a>`,
      typeOf(type),
      name(group),
      name(reason),
      state === "open" ? sign("bad", "open") : sign("good", state),
    ],
  }));
  return table("Dead letters", heads, rows);
}
