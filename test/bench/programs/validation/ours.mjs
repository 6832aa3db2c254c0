// The strict writer's check and the tolerant reader's, on a whole message, nothing else: no Redis.
import { userCreated } from "@m-erp/messaging";
import { compileReader, compileWriter } from "../../parts/runtime/contract/validation.js";
import { message } from "../message.mjs";
import { answer, settings } from "../program.mjs";

const check = { write: compileWriter(userCreated.schema), read: compileReader(userCreated.schema) };
const messages = Array.from({ length: 1000 }, (_, n) => message(n));

function validate(count) {
  for (let n = 0; n < count; n++) {
    const event = messages[n % 1000];
    if (check.write(event) !== undefined || check.read(event) !== undefined) throw new Error("the message is valid");
  }
}

validate(settings.count / 3);
// Nothing is waited for: the processor's time is the whole cost, whatever else the machine does.
const since = process.cpuUsage();
validate(settings.count);
const { user, system } = process.cpuUsage(since);
answer({ value: (user + system) / settings.count });
