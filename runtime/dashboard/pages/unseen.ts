import { type Html, html } from "../../contract/html.js";
import type { UnseenStream } from "../source/overview.js";
import { name, sentence } from "./words.js";

/** Says of which streams nothing is known, and why: what a page shows is of the others alone. */
export function unseenNotes(unseen: readonly UnseenStream[]): readonly Html[] {
  return unseen.map(
    ({ name: stream, why }) =>
      html`<p class="banner" data-key="unseen ${stream}">Nothing is known of ${name(stream)} at present: ${sentence(why)}</p>`,
  );
}

/** The same, where a page is about that stream. */
export function reasonOf({ why }: Pick<UnseenStream, "why">): Html {
  return html`<p class="reason">Nothing is known of it at present: ${sentence(why)}</p>`;
}
