import { contractOf } from "../../../runtime/contract/contract.js";
import type { Descriptor, Encoding } from "../../../runtime/contract/descriptor.js";
import { type Content, html } from "../../../runtime/contract/html.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with its names, texts and other values told apart by colour. */
export function highlighted(text: string): Content {
  const parts: Content[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token, string, colon] = match;
    const kind = string === undefined ? "value" : colon === undefined ? "text" : "key";
    const shown = string ?? token;
    parts.push(text.slice(at, match.index), html`<span class="json-${kind}">${shown}</span>`);
    at = match.index + shown.length;
  }
  return [parts, text.slice(at)];
}

/** A JSON value, a property a line. */
export function jsonBlock(value: unknown): Content {
  return html`<pre tabindex="0"><code>${highlighted(JSON.stringify(value, null, 2))}</code></pre>`;
}

/** A message as it lies in a stream, in both encodings; that of the catalogue comes first. */
export function wireExamples(descriptor: Descriptor, message: object, encoding: Encoding): Content {
  const others: readonly Encoding[] = encoding === "fields" ? ["fields", "json"] : ["json", "fields"];
  return others.map((each) => {
    const role = each === encoding ? "how this catalogue is written" : "read as well";
    return html`<figure class="wire"><figcaption>As <code>${each}</code>: ${role}</figcaption>${entryOf(descriptor, message, each)}</figure>
`;
  });
}

/** The codec is the runtime's own, so the entry is what a publisher would add. */
function entryOf(descriptor: Descriptor, message: object, encoding: Encoding): Content {
  const contract = contractOf(descriptor);
  let values: readonly string[];
  try {
    values = contract.encode(message as Record<string, unknown>, encoding);
  } catch {
    return html`<p class="note">This example cannot be written in this encoding.</p>`;
  }
  const layout = contract.layout(encoding);
  const pairs = layout.map((name, at) => [name, values[at * 2 + 1] ?? ""] as const);
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">field</th><th scope="col">value</th></tr></thead><tbody>
${pairs.map(
  ([
    name,
    value,
  ]) => html`<tr><th scope="row"><code>${name}</code></th><td>${value === "" ? html`<span class="empty">empty</span>` : html`<code>${value}</code>`}</td></tr>
`,
)}</tbody></table></div>`;
}
