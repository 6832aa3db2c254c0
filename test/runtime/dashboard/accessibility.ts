/** Finds what keeps people from using a page with a keyboard or a screen reader. It runs in the page. */
export const AUDIT = `(() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const say = (what, element) => found.push(what + ": " + element.outerHTML.slice(0, 120));
  const nameOf = (element) =>
    element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent || element.title || "";
  for (const each of all("a, button, input:not([type=hidden]), select, textarea, summary, [role=img], [role=region]")) {
    if (isShown(each) && nameOf(each).trim() === "") say("without a name", each);
  }
  const ids = all("[id]").map(({ id }) => id);
  for (const id of ids.filter((each, at) => ids.indexOf(each) !== at)) found.push("twice: #" + id);
  for (const table of all("table")) {
    if (!table.caption) say("a table without a caption", table);
    for (const row of table.tBodies[0].rows) if (row.cells[0].scope !== "row") say("a row without a head", row);
  }
  const levels = all("h1, h2, h3, h4").map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push("headings: " + levels);
  if (levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1)) found.push("a level is left out: " + levels);
  for (const landmark of ["main", "header", "nav[aria-label]", "footer", "[role=status]"]) {
    if (all(landmark).length !== 1) found.push("not one " + landmark);
  }
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const each of all("main *, header *, footer *")) {
    if (!isShown(each) || each.closest("svg") || ![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const [one, other] = [light(getComputedStyle(each).color), light(groundOf(each))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) say("too little contrast", each);
  }
  return found;
})()`;
