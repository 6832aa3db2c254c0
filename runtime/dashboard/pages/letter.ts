import { type Html, html } from "../../contract/html.js";
import type { LetterState } from "../source/letter-state.js";
import { typeOf } from "./messages.js";
import { missing } from "./streams.js";
import { type Asked, addressOf, given, type View } from "./view.js";
import { moment, name, plain, sentence, sign } from "./words.js";

/** One dead letter: why it died, what it says, and what can be done. */
export async function letter(asked: Asked): Promise<View> {
  const { root, source, mayAct } = asked;
  const [stream, id] = [given(asked, "stream") ?? "", given(asked, "id") ?? ""];
  const found = await source.letter(stream, id);
  const back = html`<a href="${addressOf(root, "letters", { stream })}">The dead letters of the stream</a>`;
  if (found === undefined) return missing("Dead letter", "There is no such dead letter", back);
  const isOpen = found.state === "open";
  const main = html`<p class="crumbs"><a href="${root}/letters">Dead letters</a> › <a href="${addressOf(root, "letters", { stream })}">${name(stream)}</a></p>
<h1>${typeOf(found.type)}</h1>
<p class="lead">${isOpen ? sign("bad", "Open") : sign("good", found.state)} ${sentence(found.stateText)}</p>
<dl class="pairs"><div><dt>Group</dt><dd><a href="${addressOf(root, "group", { stream, group: found.group })}">${name(found.group)}</a></dd></div><div><dt>Reason</dt><dd>${name(found.reason)}</dd></div><div><dt>Died</dt><dd>${moment(found.atMs)}</dd></div><div><dt>Id</dt><dd>${name(found.id)}</dd></div></dl>
<p class="jumps">${found.entryId !== undefined && html`<a href="${addressOf(root, "message", { stream, id: found.entryId })}">Its entry</a> `}${found.correlation !== undefined && html`<a href="${addressOf(root, "story", { id: found.correlation })}">Its story</a>`}</p>
${isOpen && mayAct && actionsOf(found)}
<h2>Attempts</h2>
${found.errors.length === 0 ? html`<p class="empty">No attempt is recorded.</p>` : html`<ol class="attempts">${found.errors.map(({ at, text }) => html`<li>${moment(Date.parse(at))} ${sentence(text)}</li>`)}</ol>`}
${found.issues.length > 0 && html`<div class="banner"><p>${sign("bad", "It breaks its contract")}</p><ul>${found.issues.map((issue) => html`<li>${sentence(issue)}</li>`)}</ul></div>`}
<h2>Content</h2>
<p class="note">What the contract marks as sensitive is masked.</p>
<pre tabindex="0" aria-label="Content"><code>${found.text}</code></pre>
${isOpen && mayAct && found.isReturnable && found.isEditable && editor(found)}`;
  return { title: `Dead letter ${found.type ?? id}`, main };
}

function actionsOf({ stream, id, group, isReturnable }: LetterState): Html {
  const fields = html`<input type="hidden" name="stream" value="${stream}"><input type="hidden" name="id" value="${id}">`;
  return html`<div class="acts">${
    isReturnable
      ? html`<form class="act" data-do="redrive" data-ask="Redrive this letter to ${plain(group)}?" hidden>${fields}<button>Redrive</button></form>`
      : html`<p>${sign("notable", "There is nothing to return: its original was deleted or cannot be read.")}</p>`
  } <form class="act" data-do="discard" data-ask="Discard this letter? Nobody handles it then." data-needs-why="" hidden>${fields}<button class="danger">Discard</button></form></div>`;
}

/** A masked value that is left as it is keeps what it was. */
function editor({ stream, id, group, text }: LetterState): Html {
  return html`<details class="editor act" data-keep="" hidden><summary>Edit and redrive</summary>
<form class="act" data-do="redrive-edited" data-ask="Redrive the edited message to ${plain(group)}?" hidden>
<input type="hidden" name="stream" value="${stream}"><input type="hidden" name="id" value="${id}">
<label for="edited">The message as JSON. It is checked by its contract before it is sent. What is masked stays as it was.</label>
<textarea id="edited" name="text" rows="18" spellcheck="false" autocomplete="off">${text}</textarea>
<button>Redrive edited</button></form></details>`;
}
