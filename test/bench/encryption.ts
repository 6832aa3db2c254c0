// `npm run bench:encryption`: the processor time that two short encrypted fields cost a message, both ways together. A message of
// the same size without encrypted fields takes the same way beside it, in turns, and so do the calls of node:crypto alone: no
// implementation with Node's AES-GCM is faster than those. `npm run bench:encryption -- 20000` takes so many messages a round.
import { createCipheriv, createDecipheriv, createSecretKey, randomUUID } from "node:crypto";
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

/** The microseconds of processor time that a turn takes. */
function microseconds(turn: () => void): number {
  const before = process.cpuUsage();
  for (let n = 0; n < count; n++) turn();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const both = (contract: (typeof contracts)["plain"]) => () => {
  contract.open(contract.seal(message, sealing) as PlainMessage, sealing);
};

const secretKey = createSecretKey(Buffer.alloc(32, 1));
const nonce = Buffer.alloc(12);
const options = { authTagLength: 16 };
const fields = Object.entries(message["after_data"] as Record<string, string>)
  .slice(0, 2)
  .map(([name, value]) => ({
    plain: Buffer.from(JSON.stringify(value)),
    bound: Buffer.from(JSON.stringify(["user.created", message["id"], "after_data", name])),
  }));

/** What has to be asked of Node: two values encrypted and decrypted, bound to their place. Their bytes are there already. */
function cryptoAlone(): void {
  for (const { plain, bound } of fields) {
    const cipher = createCipheriv("aes-256-gcm", secretKey, nonce, options);
    cipher.setAAD(bound);
    const body = cipher.update(plain);
    cipher.final();
    const decipher = createDecipheriv("aes-256-gcm", secretKey, nonce, options);
    decipher.setAAD(bound);
    decipher.setAuthTag(cipher.getAuthTag());
    decipher.update(body);
    decipher.final();
  }
}

const medianOf = (rounds: readonly number[]): string =>
  (rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number).toFixed(1);

const whole: number[] = [];
const alone: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  whole.push(microseconds(both(contracts.encrypted)) - microseconds(both(contracts.plain)));
  alone.push(microseconds(cryptoAlone));
}
process.stdout.write(
  `two short fields, both ways: ${medianOf(whole)} µs a message, of which node:crypto ${medianOf(alone)} µs\n`,
);
