/** Text that is HTML already, made by {@link html} alone. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: everything that is not {@link Html} is text, and is escaped. */
export type Content = Html | string | number | false | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
  // A parser of HTML would make a line feed of it.
  "\r": "&#13;",
};

/**
 * Escapes a text for the content of an element or for an attribute in quotes. HTML has no controls but line breaks and
 * tabs: the others are shown as their pictures, such as `␀`.
 */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"'`\r]/g, (character) => ENTITIES[character] ?? "")
    .replace(/\p{Cc}/gu, pictureOf);
}

function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  if (control === "\n" || control === "\t") return control;
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "␡" : "\ufffd";
}

/**
 * Makes HTML of a template. No text of a schema reaches a page in another way.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, part, at) => `${text}${print(values[at - 1])}${part}`));
}

function print(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(print).join("");
  return escapeHtml(String(content));
}

/** Contents with something between them: `a, b or c`. */
export function joined(contents: readonly Content[], between: string, last: string = between): Content {
  return contents.map((content, at) => [at === 0 ? "" : at === contents.length - 1 ? last : between, content]);
}

/** What an author says: between backticks is code. */
export function prose(text: string | undefined): Content {
  return (text ?? "").split(/`([^`\n]+)`/).map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part));
}
