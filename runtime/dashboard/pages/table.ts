import { type Content, type Html, html } from "../../contract/html.js";
import { plain } from "./words.js";

/** A column: its name, and whether it holds numbers. */
export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
}

/** A row: its cells, the first of which names it, and the key by which it is known again. */
export interface Row {
  readonly key: string;
  readonly cells: readonly Content[];
  readonly isBad?: boolean;
}

/**
 * A table with heads for its rows and columns. On a narrow screen each row becomes a block in which each cell carries the
 * name of its column.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): Html {
  return html`<table class="data"><caption class="hidden">${plain(caption)}</caption>
<thead><tr role="row">${columns.map(({ head, isNumber }) => html`<th scope="col"${isNumber === true && html` class="number"`}>${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => line(columns, row))}</tbody></table>`;
}

function line(columns: readonly Column[], { key, cells, isBad }: Row): Html {
  return html`<tr role="row" data-key="${key}"${isBad === true && html` class="bad"`}>${cells.map((cell, at) => {
    const { head = "", isNumber = false } = columns[at] ?? {};
    const kind = isNumber && html` class="number"`;
    if (at === 0) return html`<th scope="row" role="rowheader"${kind}>${cell}</th>`;
    return html`<td role="cell" data-head="${head}"${kind}>${cell}</td>`;
  })}</tr>
`;
}
