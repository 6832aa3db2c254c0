import { type Content, html, prose } from "../../../runtime/contract/html.js";
import { verdictWords } from "../../diff/advice.js";
import type { Finding } from "../../diff/finding.js";
import type { History, Version } from "../subject.js";

/** What became of a message: each commit that changed it or a type that it reaches, with the verdict of `merp diff`. */
export function historyList(key: string, { note, versions }: History): Content {
  const own = versions.get(key) ?? [];
  const nothing = note === "" ? "Nothing has changed since the first commit." : "";
  return html`${own.length === 0 ? nothing !== "" && html`<p>${nothing}</p>` : html`<ol class="history">${own.map(item)}</ol>`}
${note !== "" && html`<p class="note">${note}</p>`}`;
}

function item({ commit, date, subject, findings }: Version): Content {
  const head =
    commit === ""
      ? html`<p class="commit">Not committed yet</p>`
      : html`<p class="commit"><time datetime="${date}">${date}</time> <code>${commit}</code> <span class="says">${subject}</span></p>`;
  return html`<li>${head}<ul>${findings.map(change)}</ul></li>
`;
}

function change({ verdict, rule, sentence, part, place }: Finding): Content {
  return html`<li><span class="verdict ${verdict}">${verdictWords[verdict]}</span> <span class="says">${prose(sentence)}</span>${part === "result" && " (of the answer)"} <code class="rule">${place.pointer !== "" && `${place.pointer} `}${rule}</code></li>`;
}
