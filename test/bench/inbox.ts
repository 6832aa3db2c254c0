// `npm run bench:inbox`: what the inbox adds to the transaction in which a handler writes one row, on a PostgreSQL of its own that
// waits for its disk, and on one that does not.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { userCreated } from "../../generated/index.js";
import { createInbox, migrate, type Queryable, transaction } from "../../runtime/postgres/index.js";
import { startPrivatePostgres } from "../support/postgres.js";
import { spreadOf } from "./statistics.js";

const ROUNDS = 9;
const MESSAGES = Number(process.argv[2] ?? 2000);
const AT_ONCE = 8;

for (const fsync of ["on", "off"]) {
  await using postgres = await startPrivatePostgres({ fsync });
  const pool = new pg.Pool({ connectionString: postgres.url, max: AT_ONCE });
  await migrate(pool);
  await pool.query("CREATE TABLE credit (user_id uuid PRIMARY KEY, cents int NOT NULL)");
  const work = (tx: Queryable): Promise<unknown> =>
    tx.query("INSERT INTO credit VALUES ($1, $2)", [randomUUID(), 1000]);

  const { signal } = new AbortController();
  const inbox = createInbox(pool);
  const [interceptor] = inbox.extend({ service: "bench", environment: "development" }).interceptors ?? [];
  const handled = (): unknown => {
    const context = { group: "bench-workers", type: "user.created", messageId: randomUUID(), signal };
    const call = { operation: "handle", descriptor: userCreated, context } as never;
    return interceptor?.(call, () => work(inbox.transactionOf(context as never)));
  };
  const bare = (): Promise<unknown> => transaction(pool, work);

  await microseconds(bare);
  await microseconds(handled);
  const rounds: [bare: number, handled: number][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push([await microseconds(bare), await microseconds(handled)]);
  const [without, within] = [0, 1].map((at) => spreadOf(rounds.map((each) => each[at] as number)).median);
  const ratio = spreadOf(rounds.map(([before, after]) => after / before)).median;
  process.stdout.write(
    `fsync ${fsync}: a transaction ${without?.toFixed(0)} µs, with the inbox ${within?.toFixed(0)} µs: ${ratio.toFixed(2)} ×\n`,
  );
  await pool.end();
}

/** How long one call takes, when so many are under way at once. */
async function microseconds(call: () => unknown): Promise<number> {
  let left = MESSAGES;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return ((performance.now() - began) * 1000) / MESSAGES;
}
