// `npm run bench:encryption`: the processor time that two short encrypted fields cost a message, both ways together. A message of
// the same size without encrypted fields takes the same way beside it, in turns. `npm run bench:encryption -- 20000` takes so many.
import { randomUUID } from "node:crypto";
import type { PlainMessage } from "../../runtime/contract/codec.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { defineEvent } from "../../runtime/contract/define.js";
import { encryption, environmentKeys } from "../../runtime/encryption/index.js";

const ROUNDS = 7;
const count = Number(process.argv[2] ?? 50_000);

const text = { type: "string" } as const;
const secret = { ...text, sensitive: true, encrypt: true } as const;

function contractWith(field: object) {
  const after_data = { type: "object", properties: { email: field, phone: field, city: text }, required: ["email"] };
  const properties = { id: text, event_type: { const: "user.created" }, entity_id: { type: "integer" }, after_data };
  return contractOf(defineEvent("user.created", { type: "object", properties } as never));
}

const keys = environmentKeys({ env: { MESSAGE_KEYS: `a:${Buffer.alloc(32, 1).toString("base64")}` } });
const { sealing } = encryption({ keys }).extend({ service: "bench", environment: "development" });
const contracts = { plain: contractWith(text), encrypted: contractWith(secret) } as const;

const message: PlainMessage = {
  ...{ id: randomUUID(), event_type: "user.created", entity_id: 7 },
  after_data: { email: "ada.lovelace@example.com", phone: "+4930123456", city: "London" },
};

/** The microseconds that a message takes to be sealed and opened. */
function microseconds(contract: (typeof contracts)["plain"]): number {
  const before = process.cpuUsage();
  for (let n = 0; n < count; n++) contract.open(contract.seal(message, sealing) as PlainMessage, sealing);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const rounds = Array.from({ length: ROUNDS }, () => microseconds(contracts.encrypted) - microseconds(contracts.plain));
const median = rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
process.stdout.write(
  `two short fields, both ways: ${median.toFixed(1)} µs a message (${rounds.map((r) => r.toFixed(1)).join(" ")})\n`,
);
