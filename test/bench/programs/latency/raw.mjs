import { Redis } from "ioredis";
import { byHand, message } from "../message.mjs";
import { answer, median, settings, steadily } from "../program.mjs";

const { url, encoding, count } = settings;
const writer = new Redis(url);
const reader = new Redis(url);
const { read, write } = byHand(encoding);
const { sent, arrived, latencies } = steadily(count);
const handle = async (event) => arrived(event.entity_id - 1);

async function consume() {
  const from = ["GROUP", "raw", "raw", "COUNT", 100, "BLOCK", 1000, "STREAMS", "events", ">"];
  for (;;) {
    const reply = await reader.xreadgroup(...from);
    if (reply === null) continue;
    const entries = reply[0][1];
    await Promise.all(entries.map(([, entry]) => handle(read(entry))));
    await writer.xack("events", "raw", ...entries.map(([id]) => id));
  }
}

await reader.xgroup("CREATE", "events", "raw", "0", "MKSTREAM");
void consume();
await sent((n) => writer.xadd("events", "*", ...write(message(n))));
answer({ value: median(latencies) });
process.exit();
