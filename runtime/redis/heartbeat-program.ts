import { heartbeatLane } from "./heartbeat-lane.js";

/**
 * The program of the heartbeat's thread. It is a string because a service that is bundled into one file has no path of
 * a module. So it requires only what Node has built in, and speaks RESP2: a single line answers each of its commands.
 *
 * In its `workerData`, each of the `rounds` has `beats`, the keys and the arguments of each beat's script, and a `clock`, which is
 * shared memory: the main thread's last turn, the last round that Redis confirmed, and the last one of this thread (all in ns),
 * how many rounds came later than the lease, and for how long (ns) rounds were confirmed. `stallMs` is how long the main
 * thread may be blocked before it counts as dead; `startedNs` is the main thread's time when it started this one. It posts why
 * it cannot beat, whenever the reason changes. The main thread may post `rounds` anew, of which some have more beats, and some are new.
 *
 * A lane is a connection with the rounds that go over it. On one Redis there is one lane. On a cluster there is one to each master,
 * so that a master that is away delays no round of another: a node that no longer serves a round's slot names the one that does,
 * and so does any other node when a master is gone.
 *
 * Functions stay in the main thread. Where there are any, it is asked for the place to connect to and for a verdict on the
 * server's certificate; it may post a new password at any time.
 */
export const heartbeatProgram: string = String.raw`"use strict";
const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");
const { parentPort, workerData } = require("node:worker_threads");
const { connection, script, intervalMs, leaseMs, stallMs, startedNs } = workerData;
const { cluster } = connection;
const [TURN, BEAT, THREAD, LAPSES, CONFIRMED] = [0, 1, 2, 3, 4];
const leaseNs = BigInt(leaseMs) * 1000000n;
/** Bun and Deno count each thread's time from its start, Node that of all threads from the same moment. */
const behindNs = process.hrtime.bigint() < startedNs ? startedNs : 0n;
/** The time as the main thread has it. */
const time = () => process.hrtime.bigint() + behindNs;
const CLOSED = "the connection was closed";
/** What each round is: its beats, its memory, its lane, and why it cannot beat, as the main thread knows it. */
const rounds = [];
const lanes = new Map();

function tell(round, why) {
  if (why === round.told) return;
  round.told = why;
  parentPort.postMessage({ round: round.at, why });
}

/** What to do with the main thread's answers, by the questions. */
const answers = new Map();
let questions = 0;

/** Asks the main thread. One that is busy answers nothing in time. */
function ask(question, answer) {
  const id = ++questions;
  const settle = (given) => {
    clearTimeout(timer);
    if (answers.delete(id)) answer(given);
  };
  const timer = setTimeout(() => settle({ late: true }), connection.connectTimeout);
  answers.set(id, settle);
  parentPort.postMessage({ ...question, id });
}

parentPort.on("message", ({ id, place, password, rounds: given, ...answer }) => {
  if (given !== undefined) return void take(given);
  if (place !== undefined) Object.assign(connection, place);
  if (id !== undefined) return void answers.get(id)?.(answer);
  for (const { send } of lanes.values()) send?.(["AUTH", answer.username ?? "default", password], () => {});
});

/** Whether the place has been told once. Until then there is nothing to fall back on. */
let isTold = !connection.asks;

/** Beats over the lane of a round. */
function beat(round) {
  const { beats, instants, lane } = round;
  const now = time();
  // A handler that never returns to the event loop: others should have its work.
  if (lane.send === undefined || now - Atomics.load(instants, TURN) > BigInt(stallMs) * 1000000n) return;
  let isWhole = true;
  beats.forEach(({ keys, args }, at) => {
    // Replies come in order: the last confirmation stands for all, unless one before was refused, as of a key whose slot is moving.
    const confirmed = at === beats.length - 1 ? () => isWhole && round.lane === lane && confirm(round, now) : () => {};
    lane.send(["EVAL", script, keys.length, ...keys, Date.now(), ...args], confirmed, (why) => {
      isWhole = false;
      return refused(round, lane, why);
    });
  });
}

function confirm(round, now) {
  const { instants, lane } = round;
  lane.losses = 0;
  tell(round, "");
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

/** What a node of a cluster says when the slot is elsewhere. Returns whether the connection is as good as before. */
function refused(round, lane, why) {
  if (!cluster) return false;
  const moved = /^MOVED \d+ (.*):(\d+)$/.exec(why);
  const isDown = /^(CLUSTERDOWN|MASTERDOWN|READONLY|LOADING)/.test(why);
  if (!moved && !isDown && !/^(ASK|TRYAGAIN)/.test(why)) return false;
  if (round.lane !== lane) return true;
  // To be redirected is nothing to tell of.
  if (isDown) tell(round, why);
  if (moved) move(round, laneTo(moved[1] || lane.host, Number(moved[2])));
  else if (isDown) move(round, elsewhere(lane));
  return true;
}

/** The lane to a node that a node has announced. */
function laneTo(host, port) {
  return laneOf(cluster.natMap[host + ":" + port] ?? { host, port });
}

function laneOf({ host, port }) {
  const name = host + " " + port;
  if (!lanes.has(name)) lanes.set(name, newLane({ host, port }));
  return lanes.get(name);
}

/** The lane to another node that was named at any time: it knows who serves a slot now. */
function elsewhere(lane) {
  for (const node of cluster.nodes) laneOf(node);
  const others = [...lanes.values()];
  return others[(others.indexOf(lane) + 1) % others.length];
}

function move(round, lane) {
  if (round.lane === lane) return;
  const left = round.lane;
  left?.rounds.delete(round);
  // Others may need it in a moment.
  if (left !== undefined) setTimeout(() => left.rounds.size === 0 && left.end(), intervalMs);
  round.lane = lane;
  lane.rounds.add(round);
  if (lane.send !== undefined) beat(round);
  else lane.wake();
}

const first = cluster ? laneOf(cluster.nodes[0]) : newLane({});
lanes.set(first.host + " " + first.port, first);

function take(given) {
  given.forEach(({ beats, clock }, at) => {
    if (at < rounds.length) return void (rounds[at].beats = beats);
    rounds.push({ at, beats, instants: new BigInt64Array(clock), lane: undefined, told: "" });
    // A node that is known to answer knows who serves a slot.
    move(rounds[at], [...lanes.values()].find(({ send }) => send !== undefined) ?? first);
  });
}

take(workerData.rounds);
setInterval(() => rounds.forEach(beat), intervalMs);
${heartbeatLane}`;
