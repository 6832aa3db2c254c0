import { setTimeout as sleep } from "node:timers/promises";
import { publishUserCreated } from "../../generated/index.js";
import { createOutbox, startRelay, transaction } from "../../runtime/postgres/index.js";
import { onParentMessage, tell } from "../support/parent.js";
import { poolOf } from "../support/postgres.js";
import { createService } from "../support/service.js";

/** One process of a service: it changes accounts, writes each change to its outbox, and has a relay. */
export interface OutboxRole {
  readonly url: string;
  readonly redis: string;
  readonly accounts: number;
}

const { url, redis, accounts } = JSON.parse(process.argv[2] ?? "") as OutboxRole;
const pool = poolOf({ url }, { connectionTimeoutMillis: 2000 });
const messaging = createService({ url: redis }, { streamMaxLength: 1e9, redis: { connectionTimeoutSeconds: 1 } });
const outbox = createOutbox(messaging);
let isWriting = true;
onParentMessage<{ readonly stop: true }>(() => {
  isWriting = false;
});

const chance = (): number => Math.floor(Math.random() * accounts) + 1;

/** Changes one or two accounts, the lower first, so that no two transactions wait for each other. */
async function change(): Promise<void> {
  const changed = [...new Set(Math.random() < 0.3 ? [chance(), chance()] : [chance()])].sort((a, b) => a - b);
  await transaction(pool, async (tx) => {
    const out = outbox(tx);
    for (const id of changed) {
      const { rows } = await tx.query("UPDATE account SET version = version + 1 WHERE id = $1 RETURNING version", [id]);
      await publishUserCreated(out, { entity_id: id, after_data: { email: `${rows[0]?.["version"]}@example.com` } });
      if (Math.random() < 0.05) await sleep(Math.random() * 20);
    }
    if (Math.random() < 0.1) throw new Error("rolled back on purpose");
  });
}

async function write(): Promise<void> {
  while (isWriting) await change().catch(() => sleep(Math.random() * 20));
}

for (let isStarted = false; !isStarted; ) {
  await startRelay(messaging, pool, { batchSize: 50, pollSeconds: 0.2 }).then(
    () => {
      isStarted = true;
    },
    () => sleep(50),
  );
}
tell({ ready: true });
await Promise.all([write(), write(), write()]);
tell({ stopped: true });
