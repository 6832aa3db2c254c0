// A page works without this script: it brings the same page anew, and what changes something.

(() => {
  const root = document.documentElement;
  const EVERY_MS = 2000;
  const themes = ["system", "light", "dark"];
  let theme = kept(localStorage, "merp-theme") ?? "system";
  let isLive = true;
  let tag = "";
  let verdict;
  applyTheme();

  document.addEventListener("DOMContentLoaded", () => {
    const isGuarded = document.body.hasAttribute("data-guarded");
    readyTheme();
    readyLive();
    readyToken();
    dress();
    document.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    document.addEventListener("submit", submitted);
    document.addEventListener("click", copied);
    document.addEventListener("keydown", shortcut);
    document.addEventListener("visibilitychange", () => document.hidden || isStill() || void refresh());
    if (isGuarded && tokenHere === undefined) void signIn();
    else if (isGuarded) void refresh();
    setInterval(() => isLive && !isStill() && !document.hidden && void refresh(), EVERY_MS);
  });

  // What is kept

  /** A browser may refuse to keep anything. */
  function kept(store, name) {
    try {
      return store.getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  function keep(store, name, value) {
    try {
      if (value === undefined) store.removeItem(name);
      else store.setItem(name, value);
    } catch {
      // It holds for this page.
    }
  }

  let tokenHere = kept(sessionStorage, "merp-token");

  // Reading anew

  let isReading = false;

  async function refresh() {
    if (isReading) return;
    isReading = true;
    try {
      const headers = { "x-merp-part": "main", ...authorization() };
      if (tag !== "") headers["if-none-match"] = tag;
      const reply = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
      reached(undefined);
      if (reply.status === 401) return refused(await reply.text());
      if (reply.status === 403) return reached(await reply.text());
      if (reply.status === 304) return;
      tag = reply.status === 200 ? (reply.headers.get("etag") ?? "") : "";
      show(await reply.text());
    } catch {
      reached("The dashboard is not reached. What is shown may be old; it is tried again.");
    } finally {
      isReading = false;
    }
  }

  function authorization() {
    return tokenHere === undefined ? {} : { authorization: `Bearer ${tokenHere}` };
  }

  function reached(trouble) {
    const line = document.querySelector(".offline");
    line.hidden = trouble === undefined;
    if (line.textContent !== (trouble ?? "")) line.textContent = trouble ?? "";
  }

  function show(text) {
    const made = new DOMParser().parseFromString(text, "text/html");
    const main = document.querySelector("main");
    const view = made.querySelector("#view");
    if (view === null) return;
    reveal(view);
    become(main, { childNodes: [view], attributes: [] });
    dress();
  }

  /** Turns what is there into what is new, and leaves alone what is the same: the focus stays, and what is open stays open. */
  function become(from, to) {
    const known = new Map();
    for (const child of from.children) if (child.dataset?.key) known.set(child.dataset.key, child);
    let at = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const key = wanted.dataset?.key;
      let found = key === undefined ? at : known.get(key);
      if (key !== undefined && found !== undefined && found !== at) from.insertBefore(found, at);
      if (found === null || found === undefined || !isAlike(found, wanted)) {
        found = document.importNode(wanted, true);
        from.insertBefore(found, at);
        if (key === undefined && at !== null && !at.dataset?.key) {
          const old = at;
          at = at.nextSibling;
          old.remove();
        }
        continue;
      }
      at = found.nextSibling;
      if (found.nodeType === Node.TEXT_NODE) {
        if (found.data !== wanted.data) found.data = wanted.data;
      } else if (!found.hasAttribute("data-keep")) {
        dressAs(found, wanted);
        become(found, wanted);
      }
    }
    while (at !== null) {
      const old = at;
      at = at.nextSibling;
      old.remove();
    }
  }

  function isAlike(found, wanted) {
    return found.nodeName === wanted.nodeName && found.dataset?.key === wanted.dataset?.key;
  }

  function dressAs(found, wanted) {
    for (const { name, value } of wanted.attributes)
      if (found.getAttribute(name) !== value) found.setAttribute(name, value);
    for (const { name } of [...found.attributes]) {
      if (!wanted.hasAttribute(name) && name !== "open") found.removeAttribute(name);
    }
  }

  /** Shows what can be used: what changes something only to those who have the token. */
  function reveal(view) {
    for (const act of view.querySelectorAll(".act")) act.hidden = tokenHere === undefined;
    for (const button of view.querySelectorAll(".copy")) button.hidden = !navigator.clipboard;
  }

  /** What the frame says of the page. */
  function dress() {
    const view = document.querySelector("#view");
    for (const form of document.querySelectorAll("form.act")) form.hidden = tokenHere === undefined;
    for (const button of document.querySelectorAll(".copy")) button.hidden = !navigator.clipboard;
    const { title, faults, verdict: now } = view.dataset;
    document.title = `${faults > 0 ? `(${faults}) ` : ""}${title} · Messaging`;
    // A change of the verdict is said; every new number would be noise.
    if (verdict !== undefined && now !== verdict) say(now);
    verdict = now;
  }

  let silence;

  function say(text) {
    const line = document.querySelector(".said");
    line.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => {
      line.textContent = "";
    }, 10_000);
  }

  // Changing something

  async function submitted(event) {
    const form = event.target;
    if (!form.matches("form.act")) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const needsWhy = form.hasAttribute("data-needs-why");
    const answer = await ask(form.dataset.ask, { why: { label: "Why, for the record", isNeeded: needsWhy } }, "Do it");
    if (answer === undefined) return;
    await change({
      ...fields,
      action: form.dataset.do,
      who: kept(sessionStorage, "merp-who") ?? whoHere,
      why: answer.why,
    });
  }

  let whoHere = "";

  async function change(body) {
    try {
      const headers = { "content-type": "application/json", ...authorization() };
      const reply = await fetch(`${root.dataset.root}/do`, { method: "POST", headers, body: JSON.stringify(body) });
      const { done, error } = await reply.json();
      if (reply.status === 401) return refused(error);
      say(done ?? `Not done: ${error}`);
      tag = "";
      await refresh();
    } catch {
      say("It is not known whether it was done: the dashboard was not reached.");
    }
  }

  function readyToken() {
    const button = document.querySelector(".token-button");
    button.hidden = !document.body.hasAttribute("data-may-act");
    const name = () => {
      button.textContent = tokenHere === undefined ? "Sign in" : "Sign out";
    };
    name();
    button.addEventListener("click", () => {
      if (tokenHere === undefined) return signIn();
      forget();
      location.reload();
    });
  }

  function forget() {
    tokenHere = undefined;
    keep(sessionStorage, "merp-token", undefined);
  }

  function refused(text) {
    forget();
    document.querySelector(".token-button").textContent = "Sign in";
    dress();
    void signIn(text);
  }

  async function signIn(trouble) {
    const fields = {
      who: { label: "Your name, for the record", isNeeded: true, value: kept(localStorage, "merp-who") ?? "" },
      token: { label: "Token", isNeeded: true, type: "password", pattern: "[!-~]+" },
    };
    const answer = await ask("Sign in", fields, "Sign in", trouble);
    if (answer === undefined) return;
    tokenHere = answer.token;
    whoHere = answer.who;
    keep(sessionStorage, "merp-token", answer.token);
    keep(sessionStorage, "merp-who", answer.who);
    keep(localStorage, "merp-who", answer.who);
    document.querySelector(".token-button").textContent = "Sign out";
    tag = "";
    await refresh();
  }

  let dialog;

  /** Asks for some texts. Resolves to them, or to nothing when the person withdraws. */
  function ask(title, fields, yes, trouble) {
    if (dialog?.open) return Promise.resolve(undefined);
    dialog = document.createElement("dialog");
    const form = element("form", { method: "dialog" });
    const heading = element("h2", { id: "asked" }, title);
    dialog.setAttribute("aria-labelledby", "asked");
    form.append(heading);
    if (trouble) form.append(element("p", { class: "trouble", role: "alert" }, trouble));
    for (const [name, { label, isNeeded, value = "", type = "text", pattern = ".*" }] of Object.entries(fields)) {
      const input = element("input", { name, type, value, pattern, autocomplete: "off" });
      input.required = isNeeded;
      const line = element("label", {}, isNeeded ? label : `${label} (may be empty)`);
      line.append(input);
      form.append(line);
    }
    const acts = element("div", { class: "acts" });
    const cancel = element("button", { type: "button" }, "Cancel");
    acts.append(cancel, element("button", { class: "main" }, yes));
    form.append(acts);
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
    const own = dialog;
    return new Promise((resolve) => {
      cancel.addEventListener("click", () => own.close());
      form.addEventListener("submit", () => resolve(Object.fromEntries(new FormData(form))));
      own.addEventListener("close", () => {
        own.remove();
        resolve(undefined);
      });
    });
  }

  function element(name, attributes, text = "") {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.textContent = text;
    return made;
  }

  // The frame

  async function copied({ target }) {
    const button = target.closest?.(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied");
  }

  /** `/` leads to the search, as on the documentation's pages. */
  function shortcut(event) {
    const isWriting = event.target.closest?.("input, textarea, select, dialog");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting) return;
    event.preventDefault();
    const input = document.querySelector("form.search input");
    if (input) input.focus();
    else location.href = `${root.dataset.root}/messages`;
  }

  /** Whether the page is read anew only when it is asked for. */
  function isStill() {
    return document.querySelector("#view").hasAttribute("data-still");
  }

  function readyLive() {
    const button = document.querySelector(".live-button");
    button.hidden = false;
    const show = () => {
      if (isStill()) {
        button.removeAttribute("aria-pressed");
        button.textContent = "Read anew";
        return;
      }
      button.setAttribute("aria-pressed", String(isLive));
      button.textContent = isLive ? "Live" : "Stopped";
      button.title = isLive ? "Read anew every two seconds; stop it" : "Read anew every two seconds";
    };
    show();
    button.addEventListener("click", () => {
      if (!isStill()) isLive = !isLive;
      show();
      if (isLive) void refresh();
    });
  }

  function applyTheme() {
    if (theme === "system" || !themes.includes(theme)) root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
  }

  function readyTheme() {
    const button = document.querySelector(".theme-button");
    const show = () => {
      const name = { system: "Auto", light: "Light", dark: "Dark" }[theme] ?? "Auto";
      button.textContent = name;
      button.setAttribute("aria-label", `Colours: ${name}; change them`);
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      keep(localStorage, "merp-theme", theme);
      applyTheme();
      show();
    });
  }
})();
