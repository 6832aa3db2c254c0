/**
 * The program of the heartbeat's thread. It is a string because a service that is bundled into one file has no path of
 * a module. So it requires only what Node has built in, and speaks RESP2: a single line answers each of its commands.
 *
 * In its `workerData`, `beats` are the keys and the arguments of each beat's script; `stallMs` is how long the main thread
 * may be blocked before it counts as dead; `clock` is shared memory: the main thread's last turn, the last round that
 * Redis confirmed, and the last one of this thread (all in ns), how many rounds came later than the lease, and for how
 * long (ns) rounds were confirmed; `startedNs` is the main thread's time when it started this one. It posts why it cannot
 * beat, whenever the reason changes.
 *
 * Functions stay in the main thread. Where there are any, it is asked for the place to connect to and for a verdict on the
 * server's certificate; it may post a new password at any time.
 */
export const heartbeatThread: string = String.raw`"use strict";
const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");
const { parentPort, workerData } = require("node:worker_threads");
const { connection, beats, script, intervalMs, leaseMs, stallMs, clock, startedNs } = workerData;
const instants = new BigInt64Array(clock);
const [TURN, BEAT, THREAD, LAPSES, CONFIRMED] = [0, 1, 2, 3, 4];
const leaseNs = BigInt(leaseMs) * 1000000n;
/** Bun and Deno count each thread's time from its start, Node that of all threads from the same moment. */
const behindNs = process.hrtime.bigint() < startedNs ? startedNs : 0n;
/** The time as the main thread has it. */
const time = () => process.hrtime.bigint() + behindNs;
/** Sends a command on the present connection; undefined while there is none that is ready. */
let send;
/** How many connections were lost since the last round that Redis confirmed. */
let losses = 0;
/** Why it cannot beat, as the main thread knows it; empty while it can. */
let told = "";
const CLOSED = "the connection was closed";

function tell(why) {
  if (why === told) return;
  told = why;
  parentPort.postMessage({ why });
}

/** What to do with the main thread's answer to the present question. */
let answered = () => {};

/** Asks the main thread. One that is busy answers nothing in time. */
function ask(question, answer) {
  const settle = (given) => {
    clearTimeout(timer);
    if (answered === settle) answered = () => {};
    answer(given);
  };
  const timer = setTimeout(() => settle({ late: true }), connection.connectTimeout);
  answered = settle;
  parentPort.postMessage(question);
}

parentPort.on("message", ({ place, password, ...answer }) => {
  if (place !== undefined) Object.assign(connection, place);
  if (password !== undefined && send !== undefined) send(["AUTH", answer.username ?? "default", password], () => {});
  else answered(answer);
});

/** Whether the place has been told once. Until then there is nothing to fall back on. */
let isTold = !connection.asks;

function connect() {
  if (!connection.asks) return open();
  ask({ question: "place" }, ({ failure, late }) => {
    isTold ||= failure === undefined && !late;
    if (isTold && failure === undefined) open();
    else reconnect(failure ?? "the main thread does not answer");
  });
}

function beat() {
  const now = time();
  // A handler that never returns to the event loop: others should have its work.
  if (send === undefined || now - Atomics.load(instants, TURN) > BigInt(stallMs) * 1000000n) return;
  beats.forEach(({ keys, args }, at) => {
    // An error reply ends the connection, so the last confirmation stands for all.
    const confirmed = at === beats.length - 1 ? () => confirm(now) : () => {};
    send(["EVAL", script, keys.length, ...keys, Date.now(), ...args], confirmed);
  });
}

function confirm(now) {
  losses = 0;
  tell("");
  // After a pause of the whole process the main thread might never see how old the last beat was.
  const last = Atomics.load(instants, BEAT);
  const age = last === 0n ? 0n : now - last;
  // Others saw the last beat until this one came to Redis, which may have been as late as its reply.
  const late = last === 0n ? 0n : time() - last;
  // Counted before: who sees this beat must know.
  if (late > leaseNs) Atomics.add(instants, LAPSES, 1n);
  // Unless the main thread has been quicker.
  if (age >= 0n && Atomics.compareExchange(instants, BEAT, last, now) === last) {
    Atomics.add(instants, CONFIRMED, age > leaseNs / 2n ? leaseNs / 6n : age);
  }
  Atomics.store(instants, THREAD, now);
}

function open() {
  const { host, port, socket, connectTimeout, socketTimeout, checksIdentity } = connection;
  const address = socket === undefined ? { host, port } : { path: socket };
  // The main thread judges the certificate before anything is sent.
  const identity = checksIdentity ? { checkServerIdentity: () => undefined } : {};
  let link;
  try {
    // Files are read anew: a certificate may have been replaced.
    for (const option in connection.tlsFiles) connection.tls[option] = fs.readFileSync(connection.tlsFiles[option]);
    link = connection.tls ? tls.connect({ ...address, ...connection.tls, ...identity }) : net.connect(address);
  } catch (error) {
    // Node refuses these TLS options, or a file is missing. The main thread reports every failure to connect; here only the
    // beats stop.
    return reconnect(error.message);
  }
  /** The requests that have no reply yet, oldest first. */
  const awaited = [];
  let begun = "";
  let why = CLOSED;
  let timer;
  const limit = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => link.destroy(new Error("no answer for " + ms + " ms")), ms);
  };
  const request = (words, replied, isOptional = false) => {
    if (awaited.length === 0) limit(socketTimeout);
    awaited.push({ replied, isOptional });
    const parts = words.map((word) => "$" + Buffer.byteLength(String(word)) + "\r\n" + word + "\r\n");
    link.write("*" + words.length + "\r\n" + parts.join(""));
  };

  // Covers the TLS handshake too.
  limit(connectTimeout);
  link.setNoDelay(true);
  link.setEncoding("latin1");
  link.once(connection.tls ? "secureConnect" : "connect", () => {
    if (!connection.tls || !checksIdentity) return greet();
    const name = connection.tls.servername || host;
    ask({ question: "identity", name, certificate: link.getPeerCertificate(true) }, ({ failure, late }) => {
      if (link.destroyed) return;
      if (failure === undefined && !late) greet();
      else link.destroy(new Error(failure ?? "the main thread does not answer"));
    });
  });
  const greet = () => {
    const { username, password, db, connectionName } = connection;
    if ((username ?? password) !== undefined) request(["AUTH", username ?? "default", password ?? ""], () => {});
    if (db !== 0) request(["SELECT", db], () => {});
    const ready = () => {
      send = request;
      beat();
    };
    // Optional: a proxy, or the user's rights, may refuse it. Then the connection has no name.
    request(["CLIENT", "SETNAME", connectionName], ready, true);
  };
  link.on("data", (text) => {
    const lines = (begun + text).split("\r\n");
    begun = lines.pop();
    if (lines.length === 0) return;
    for (const line of lines) {
      const { replied, isOptional } = awaited.shift() ?? { isOptional: false };
      const isRefused = !/^[+:]/.test(line);
      // Redis quotes the arguments of a command that it does not know: those of AUTH hold the password.
      why = isRefused ? line.slice(1).replace(/,? with args beginning with:.*$/, "") : CLOSED;
      // An error, such as READONLY from a master that became a replica: a new connection may find the new master.
      if (isRefused && !isOptional) return void link.destroy();
      replied?.();
    }
    // Redis does answer: the next reply has its own time from here.
    if (awaited.length > 0) limit(socketTimeout);
    else clearTimeout(timer);
  });
  // "close" follows.
  link.on("error", (error) => {
    // What Redis said before it closed the link says more.
    if (why === CLOSED) why = error.message || error.code;
  });
  link.once("close", () => {
    clearTimeout(timer);
    send = undefined;
    reconnect(why);
  });
}

function reconnect(why) {
  tell(why);
  losses += 1;
  setTimeout(connect, Math.min(intervalMs / 2, 50 * losses));
}

connect();
setInterval(beat, intervalMs);
`;
