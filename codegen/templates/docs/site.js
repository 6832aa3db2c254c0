// The site works without this script, but for the search and the choice of colours.

(() => {
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  let theme = remembered();
  applyTheme();

  document.addEventListener("DOMContentLoaded", () => {
    readyTheme();
    readySearch();
    foldContents();
    openTarget();
    addEventListener("hashchange", openTarget);
    addEventListener("beforeprint", () => {
      for (const details of document.querySelectorAll("main details")) details.open = true;
    });
  });

  /** A browser may refuse to keep anything, for files above all. */
  function remembered() {
    try {
      const kept = localStorage.getItem("merp-docs-theme");
      return themes.includes(kept) ? kept : "system";
    } catch {
      return "system";
    }
  }

  function applyTheme() {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
  }

  function readyTheme() {
    const button = document.querySelector(".theme-button");
    const show = () => {
      const name = { system: "Auto", light: "Light", dark: "Dark" }[theme];
      button.textContent = name;
      button.setAttribute("aria-label", `Colours: ${name}; change them`);
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      try {
        localStorage.setItem("merp-docs-theme", theme);
      } catch {
        // It holds for this page.
      }
      applyTheme();
      show();
    });
  }

  /** On a narrow screen the contents would push the page away. */
  function foldContents() {
    const contents = document.querySelector(".side > details");
    const narrow = matchMedia("(max-width: 60rem)");
    const fold = () => {
      contents.open = !narrow.matches;
    };
    fold();
    narrow.addEventListener("change", fold);
  }

  /** Opens what an address leads to, and all around it. */
  function openTarget() {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  }

  function readySearch() {
    const opener = document.querySelector(".search-button");
    const { dialog, input, list, status } = makeDialog();
    let chosen = -1;
    opener.hidden = false;
    opener.setAttribute("aria-keyshortcuts", "/");

    const open = () => {
      if (dialog.open) return;
      dialog.showModal();
      input.select();
      show();
    };

    const choose = (at) => {
      const options = [...list.children];
      chosen = options.length === 0 ? -1 : (at + options.length) % options.length;
      for (const [index, option] of options.entries()) option.setAttribute("aria-selected", String(index === chosen));
      const option = options[chosen];
      if (option === undefined) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      }
    };

    const show = () => {
      const { found, count } = search(input.value);
      list.replaceChildren(...found.map(optionOf));
      input.setAttribute("aria-expanded", String(found.length > 0));
      status.textContent = statusOf(input.value, found.length, count);
      choose(0);
    };

    opener.addEventListener("click", open);
    input.addEventListener("input", show);
    list.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter") list.children[chosen]?.querySelector("a").click();
      else return;
      event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      const isWriting = event.target.closest?.("input, textarea, select, [contenteditable]");
      const isPlain = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isWriting;
      if (!isPlain && !((event.ctrlKey || event.metaKey) && event.key === "k")) return;
      event.preventDefault();
      open();
    });
  }

  function makeDialog() {
    const dialog = document.createElement("dialog");
    const input = document.createElement("input");
    const list = document.createElement("ul");
    const status = document.createElement("p");
    dialog.setAttribute("aria-label", "Search");
    const attributes = {
      type: "text",
      role: "combobox",
      "aria-label": "Search messages, properties, types and services",
      "aria-autocomplete": "list",
      "aria-controls": "search-results",
      "aria-expanded": "false",
      placeholder: "Search messages, properties, types",
      autocomplete: "off",
      spellcheck: "false",
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    list.id = "search-results";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Results");
    status.className = "status";
    status.setAttribute("role", "status");
    dialog.append(input, list, status);
    document.body.append(dialog);
    return { dialog, input, list, status };
  }

  function statusOf(query, shown, count) {
    if (query.trim() === "") return "Type a name. ↑ and ↓ choose, Enter opens, Escape closes.";
    if (count === 0) return "Nothing has all of these words.";
    return count > shown ? `The first ${shown} of ${count}` : `${count} found`;
  }

  /** What has all words of a query, the best first: a name that is the word, or begins with it, comes before others. */
  function search(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return { found: [], count: 0 };
    const scored = [];
    for (const entry of globalThis.merpSearchIndex ?? []) {
      const [kind, name, context, , text] = entry;
      const [title, around, said] = [name.toLowerCase(), context.toLowerCase(), text.toLowerCase()];
      let score = kind === "property" ? 0 : 1;
      for (const word of words) {
        const points = pointsOf(word, title, around, said);
        score = points === 0 ? Number.NaN : score + points;
      }
      if (score > 0) scored.push({ entry, score });
    }
    scored.sort((a, b) => b.score - a.score);
    return { found: scored.slice(0, 30).map(({ entry }) => entry), count: scored.length };
  }

  function pointsOf(word, title, around, said) {
    if (title === word) return 20;
    if (title.startsWith(word)) return 12;
    if (title.split(/[._\s-]/).some((part) => part.startsWith(word))) return 8;
    if (title.includes(word)) return 5;
    if (around.includes(word)) return 3;
    return said.includes(word) ? 1 : 0;
  }

  function optionOf([kind, name, context, address, text], at) {
    const option = document.createElement("li");
    const link = document.createElement("a");
    option.id = `search-result-${at}`;
    option.setAttribute("role", "option");
    link.href = `${root.dataset.root}${address}`;
    link.tabIndex = -1;
    link.append(spanOf("found", name), spanOf("context", context === "" ? "" : ` in ${context}`));
    link.append(spanOf(`kind ${kind}`, kind), spanOf("text", text));
    option.append(link);
    return option;
  }

  function spanOf(name, text) {
    const span = document.createElement("span");
    span.className = name;
    span.textContent = text;
    return span;
  }
})();
