import { type Content, html } from "../../contract/html.js";
import type { View } from "./view.js";
import { plain } from "./words.js";

/** The pages that the bar leads to. */
const BAR = [
  ["", "Overview"],
  ["streams", "Streams"],
  ["messages", "Messages"],
  ["letters", "Dead letters"],
  ["services", "Services"],
  ["flow", "Flow"],
] as const;

/** Below which entry of the bar a page stands. */
const ABOVE: Readonly<Record<string, string>> = {
  stream: "streams",
  group: "streams",
  message: "messages",
  story: "messages",
  letter: "letters",
};

/** What surrounds every page. */
export interface Frame {
  readonly root: string;
  /** Which page it is: `streams`. */
  readonly page: string;
  readonly mayAct: boolean;
  /** Whether the script has to bring the content, with a token. */
  readonly isGuarded: boolean;
}

/** A whole page. Where reading needs the token its content is left to the script, which has it. */
export function pageText(view: View, { root, page, mayAct, isGuarded }: Frame): string {
  const here = ABOVE[page] ?? page;
  return `${
    html`<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${plain(view.title)} · Messaging</title>
<link rel="icon" href="${root}/assets/icon.svg">
<link rel="stylesheet" href="${root}/assets/dashboard.css">
<script src="${root}/assets/dashboard.js"></script>
</head>
<body${mayAct && html` data-may-act=""`}${isGuarded && html` data-guarded=""`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="${root}/">Messaging</a>
<nav aria-label="Pages"><ul>${BAR.map(
      ([address, label]) =>
        html`<li><a href="${root}/${address}"${address === here && html` aria-current="page"`}>${label}</a></li>`,
    )}</ul></nav>
<div class="tools">
<button class="live-button" type="button" hidden>Live</button>
<button class="token-button" type="button" hidden>Sign in</button>
<button class="theme-button" type="button" hidden>Theme</button>
</div>
</header>
<p class="offline" role="alert" hidden></p>
<main id="content" tabindex="-1">
${mainText(view)}
</main>
<footer>Times are UTC. Made by <code>merp dashboard</code>.</footer>
<p class="said" role="status"></p>
<noscript><p class="said">Without scripts this page is as it was when it was opened, and changes nothing.</p></noscript>
</body>
</html>
`.text
  }`;
}

/** The content alone. */
export function mainText({ title, main, verdict, isStill }: View): Content {
  return html`<div id="view" data-title="${plain(title)}" data-faults="${verdict?.faults ?? 0}" data-verdict="${verdict?.text ?? ""}"${isStill === true && html` data-still=""`}>
${main}
</div>`;
}
