// The hops that a command takes without the SDK: XADD, the read that waits for it, PUBLISH, the subscriber.
import { Redis } from "ioredis";
import { answer, oneByOne, settings } from "../program.mjs";

const { url, count } = settings;
const [asking, listening, reading, answering] = [new Redis(url), new Redis(url), new Redis(url), new Redis(url)];
const waiting = new Map();

listening.on("message", (_channel, json) => {
  const response = JSON.parse(json);
  waiting.get(response.command_id)?.(response);
});

async function respond() {
  const from = ["GROUP", "raw", "raw", "COUNT", 100, "BLOCK", 1000, "STREAMS", "commands", ">"];
  for (;;) {
    const reply = await reading.xreadgroup(...from);
    if (reply === null) continue;
    for (const [id, [, , , json]] of reply[0][1]) {
      const command = JSON.parse(json);
      const result = { valid: true, user_id: 123, company_id: 1 };
      const response = {
        command_id: command.id,
        success: true,
        result,
        error: null,
        error_code: null,
        timestamp: "2026-11-23T10:26:43.637Z",
        execution_time_ms: 0.024,
      };
      await answering.publish(command.reply_to, JSON.stringify(response));
      void answering.xack("commands", "raw", id);
    }
  }
}

function ask(n) {
  const command = {
    id: `dc9fb258-5124-4cba-abca-${String(n).padStart(12, "0")}`,
    timestamp: "2026-11-23T10:26:43.637Z",
    source_service: "api-gateway",
    metadata: { sent: "once" },
    type: "command",
    command_type: "validate_token",
    target_service: "user-auth-service",
    payload: { token: "jwt-token" },
    reply_to: "api-gateway-responses:12345-0c352b96",
    timeout: 30,
  };
  const answered = new Promise((resolve) => waiting.set(command.id, resolve));
  void asking.xadd("commands", "*", "message_type", "validate_token", "json", JSON.stringify(command));
  return answered.finally(() => waiting.delete(command.id));
}

await listening.subscribe("api-gateway-responses:12345-0c352b96");
await reading.xgroup("CREATE", "commands", "raw", "0", "MKSTREAM");
void respond();
answer({ value: await oneByOne(count, ask) });
process.exit();
