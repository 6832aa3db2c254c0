import { Redis } from "ioredis";
import { byHand, message } from "../message.mjs";
import { pendingAt } from "../pending.mjs";
import { inFlight, rate, settings, tally } from "../program.mjs";

const { url, encoding } = settings;
const writer = new Redis(url, { enableAutoPipelining: true });
const reader = new Redis(url);
const { read, write } = byHand(encoding);
const pending = await pendingAt(url);
const handled = tally();
const handle = async (_event) => handled.tick();

async function consume() {
  const from = ["GROUP", "raw", "raw", "COUNT", 100, "BLOCK", 1000, "STREAMS", "events", ">"];
  for (;;) {
    const reply = await reader.xreadgroup(...from);
    if (reply === null) continue;
    const entries = reply[0][1];
    await Promise.all(entries.map(([, entry]) => handle(read(entry))));
    await reader.xack("events", "raw", ...entries.map(([id]) => id));
  }
}

await reader.xgroup("CREATE", "events", "raw", "0", "MKSTREAM");
void consume();
await rate(async (count) => {
  const publishing = inFlight(1000, count, (n) => writer.xadd("events", "*", ...write(message(n))));
  await Promise.all([publishing, handled.more(count)]);
  await pending.acknowledged("raw");
});
process.exit();
