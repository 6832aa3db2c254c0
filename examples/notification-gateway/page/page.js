const SIGNS = { success: "✓", warning: "!", system_alert: "!", error: "×", data_updated: "↻", user_activity: "•" };
const PARTNERS = ["Nordwind GmbH", "Rossi & Figli", "Blue Harbour Ltd", "Atelier Moreau", "Kaneko Trading"];
const RETRY_MS = 1000;

const element = (id) => document.getElementById(id);
const form = element("sign-in");

/** The stream that is open, and the last entry that was seen on it. */
let source;
let lastEntry = "0-0";
let email = "";

// ---- Notifications: live, and after a break first what was missed ----

function listen() {
  source?.close();
  source = new EventSource(`/notifications?since=${lastEntry}`);
  source.addEventListener("connected", ({ data }) =>
    connection("live", `live from process ${JSON.parse(data).process}`),
  );
  source.onmessage = ({ data, lastEventId }) => {
    if (lastEventId !== "") lastEntry = lastEventId;
    show(JSON.parse(data));
  };
  source.onerror = () => {
    connection("waiting", "connecting again");
    // A stream that broke off is asked for again by the browser itself; one that was refused is not.
    if (source.readyState === EventSource.CLOSED)
      setTimeout(() => isSignedIn().then((yes) => (yes ? listen() : leave())), RETRY_MS);
  };
}

function show({ id, title, message, notification_type, source_service, timestamp }) {
  if (element(id) !== null) return; // Shown once, although it may come twice.
  const item = element("notification").content.cloneNode(true).firstElementChild;
  const part = (name) => item.querySelector(name);
  item.id = id;
  item.dataset.type = notification_type;
  part(".sign").textContent = SIGNS[notification_type] ?? "i";
  part(".title").textContent = title;
  part(".message").textContent = message;
  part(".source").textContent = source_service;
  part(".entry").textContent = lastEntry;
  part("time").dateTime = timestamp;
  part("time").textContent = new Date(timestamp).toLocaleTimeString();
  element("notifications").prepend(item);
}

function connection(state, text) {
  element("connection").dataset.state = state;
  element("connection").textContent = text;
}

// ---- Who is there ----

async function isSignedIn() {
  const response = await fetch("/me").catch(() => undefined);
  return response?.status !== 401;
}

function enter() {
  form.hidden = true;
  element("desk").hidden = element("feed").hidden = false;
  listen();
}

function leave() {
  source?.close();
  lastEntry = "0-0";
  element("notifications").replaceChildren();
  element("desk").hidden = element("feed").hidden = true;
  form.hidden = false;
  connection("out", "signed out");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  email = given.email;
  element("problem").textContent = "";
  try {
    if (event.submitter.name === "register") {
      const first_name = given.first_name || given.email.split("@")[0];
      await call("POST", "/register", { ...given, first_name });
    }
    await call("POST", "/login", { email: given.email, password: given.password });
    sessionStorage.setItem("email", email);
    enter();
  } catch (error) {
    element("problem").textContent = error.message;
  }
});

// ---- What can be made to happen ----

const acts = {
  partner: () => call("POST", "/partners", { name: PARTNERS[Math.floor(Math.random() * PARTNERS.length)] }),
  rate: () => call("PUT", "/rates/USD", { rate: Number((1.05 + Math.random() / 10).toFixed(4)) }),
  intruder: () => call("POST", "/login", { email, password: "certainly wrong" }),
  leave: () => call("POST", "/logout").then(leave),
};

element("desk").addEventListener("click", async (event) => {
  const act = acts[event.target.closest("button")?.dataset.act];
  element("outcome").textContent = "";
  await act?.().catch((error) => {
    element("outcome").textContent = error.message;
  });
});

async function call(method, path, body) {
  const json =
    body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...json });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.error ?? answer.message);
  return answer;
}

email = sessionStorage.getItem("email") ?? "";
if (await isSignedIn()) enter();
else leave();
