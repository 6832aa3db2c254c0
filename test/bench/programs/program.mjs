// What every measured program shares: what it is told, how it keeps publishes in flight, how it answers.

/** What the bench asks of this program: where Redis is, the encoding, how many messages. */
export const settings = JSON.parse(process.argv[2] ?? "{}");

/** A third as much before the clock starts: code is compiled, connections are open. */
const WARM_UP = 1 / 3;

/** Says what was measured, in the unit of the program's row. */
export function answer(measured) {
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

/** Measures what goes on from now on, in messages a second and, which the machine's other work hardly touches, in
 * microseconds of this process' time on its processors. */
function clock() {
  const since = performance.now();
  const cpu = process.cpuUsage();
  return (messages) => {
    const { user, system } = process.cpuUsage(cpu);
    return { value: (messages / (performance.now() - since)) * 1000, details: { cpu: (user + system) / messages } };
  };
}

/** Runs a load of so many messages once to warm up and once by the clock, and answers how many a second. */
export async function rate(load) {
  const count = hundreds(settings.count);
  await load(hundreds(count * WARM_UP));
  const read = clock();
  await load(count);
  answer(read(count));
}

/** Some programs send by the hundred. */
const hundreds = (count) => Math.round(count / 100) * 100;

/** Calls `one` so many times, always with up to so many of its promises under way. */
export async function inFlight(most, count, one) {
  let next = 0;
  const lane = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(most, count) }, lane));
}

/** Resolves when it was called so often; starts the clock when a third of that is done. */
export function countdown(count) {
  const warm = Math.round(count * WARM_UP);
  let seen = 0;
  let read;
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  return {
    finished,
    tick() {
      seen++;
      if (seen === warm) read = clock();
      else if (seen === count) finish();
    },
    /** What the clock says, to be called when the last one is settled; each stands for so many. */
    measured: (each = 1) => read((count - warm) * each),
  };
}

/** Counts what was handled, for a load to wait for. */
export function tally() {
  let left = 0;
  let finish = () => {};
  return {
    tick() {
      if (--left === 0) finish();
    },
    /** Resolves when so many more were handled than by the calls before. */
    more: (count) =>
      new Promise((resolve) => {
        left += count;
        if (left <= 0) resolve();
        else finish = resolve;
      }),
  };
}

/**
 * What is sent before moments are timed, so many at once and then one after another, which takes other ways through the
 * code: in a service that has run for a while all of it is compiled. Less where little is measured.
 */
const warmUp = (count) => ({ burst: Math.min(20_000, count * 50), alone: Math.min(5000, count * 10) });

/** Two hundred a second, each timed from its sending to its arrival. */
export function steadily(count) {
  const { burst, alone } = warmUp(count);
  const first = burst + alone;
  const sentAt = [];
  const latencies = [];
  const warm = tally();
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  return {
    latencies,
    arrived(n) {
      if (n < first) warm.tick();
      else latencies.push(performance.now() - sentAt[n]);
      if (n === first + count - 1) finish();
    },
    async sent(one) {
      await Promise.all([inFlight(100, burst, one), warm.more(burst)]);
      for (let n = burst; n < first; n++) await Promise.all([one(n), warm.more(1)]);
      const since = performance.now();
      for (let n = 0; n < count; n++) {
        const early = since + n * 5 - performance.now();
        if (early > 0) await sleep(early);
        sentAt[first + n] = performance.now();
        await one(first + n);
      }
      await finished;
    },
  };
}

/** Calls `one` so often, each when the one before has ended, and returns the middle of their milliseconds. */
export async function oneByOne(count, one) {
  const { burst, alone } = warmUp(count);
  const latencies = [];
  await inFlight(100, burst, one);
  for (let n = burst; n < burst + alone + count; n++) {
    const since = performance.now();
    await one(n);
    if (n >= burst + alone) latencies.push(performance.now() - since);
  }
  return median(latencies);
}

/** Runs so many tests, one after another, and returns the middle of their milliseconds. The first tenth warms up. */
export async function testsOf(count, test) {
  const times = [];
  for (let n = 0; n < count * 1.1; n++) {
    const since = performance.now();
    await test();
    if (n >= count / 10) times.push(performance.now() - since);
  }
  return median(times);
}

/** The middle of some numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
