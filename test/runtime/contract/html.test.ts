import { expect, it } from "vitest";
import { escapeHtml, html, joined, prose } from "../../../runtime/contract/html.js";

it("a text is escaped for an element and for an attribute", () => {
  expect(escapeHtml(`&<>"'\``)).toBe("&amp;&lt;&gt;&quot;&#39;&#96;");
  expect(escapeHtml("a\r\n\tb")).toBe("a&#13;\n\tb");
  expect(escapeHtml("\u0000\u001b\u001f\u007f\u0080\ud800 ")).toBe("␀␛␟␡\ufffd\ufffd ");
});

it("a template escapes all that is no HTML, and leaves out what there is not", () => {
  const inner = html`<b>${"<"}</b>`;
  expect(html`${inner}${"&"}${1}${0}${undefined}${false}${[inner, ["x", undefined]]}!`.text).toBe(
    "<b>&lt;</b>&amp;10<b>&lt;</b>x!",
  );
});

it("contents are joined by what stands between them, and before the last", () => {
  const list = (contents: readonly string[], ...between: [string, string?]): string =>
    html`${joined(contents, ...between)}`.text;
  expect(list(["a", "b", "c"], ", ", " or ")).toBe("a, b or c");
  expect(list(["a", "b", "c"], ", ")).toBe("a, b, c");
  expect(list(["a"], ", ", " or ")).toBe("a");
});

it("an author's words between backticks are code", () => {
  expect(html`${prose("use `a<b` and `c`, not `d\ne`")}`.text).toBe(
    "use <code>a&lt;b</code> and <code>c</code>, not &#96;d\ne&#96;",
  );
  expect(html`${prose(undefined)}`.text).toBe("");
});
