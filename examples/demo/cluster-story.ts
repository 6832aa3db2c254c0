import { setTimeout as sleep } from "node:timers/promises";
import { createMessaging, type Messaging, MessagingError, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { DemoCluster } from "./cluster.js";
import type { Screen } from "./screen.js";

const AUDIT = "audit-service";
const COUNT = 2000;

/**
 * Shows what a service sees of a Redis Cluster whose master is killed under load.
 *
 * @throws if a step fails
 */
export async function tellClusterStory(screen: Screen): Promise<void> {
  screen.note("Starts six Redis servers, and makes a cluster of them.");
  await using cluster = await DemoCluster.start();
  const options = { redis: { cluster: { nodes: cluster.nodes } }, logger: SILENT };
  await using userAuth = createMessaging({ service: "user-auth-service", ...options });
  await using audit = createMessaging({ service: AUDIT, ...options });
  const handled = new Map<number, number>();
  onUserCreated(audit, ({ entity_id }) => void handled.set(entity_id, (handled.get(entity_id) ?? 0) + 1));
  await audit.start({ requireRedis: true });

  screen.title("M-ERP messaging on Redis Cluster", `REDIS_CLUSTER_NODES=${cluster.nodes.slice(0, MASTERS).join(",")}`);

  screen.chapter("Each stream has its master, and the services find it");

  for (const stream of ["events", "commands", "notifications"]) {
    const { port } = await cluster.masterOf(stream);
    screen.react(stream, `is on the master at port ${port}`);
  }
  await screen.reactions(3);

  screen.chapter(`A master is killed while ${COUNT.toLocaleString("en")} messages are published`);

  screen.act(userAuth.service, "publishes", "user.created, user.created, …");
  const publishing = publishMany(userAuth);
  await sleep(1000);
  const victim = await cluster.masterOf("events");
  screen.act("kill -9", "ends", `the Redis at port ${victim.port}, process ${victim.pid}`);
  await victim.kill();
  const { port } = await cluster.masterOf("events");
  screen.react("the cluster", `has made the replica at port ${port} the master of events`);
  const { confirmed, uncertain, refused, longestMs } = await publishing;
  screen.react(
    userAuth.service,
    `was confirmed ${confirmed.size}, ${uncertain} perhaps; was refused ${refused} times and tried again`,
  );
  screen.react(userAuth.service, `waited ${(longestMs / 1000).toFixed(1)} s for the next confirmation at most`);
  await screen.reactions(3);

  screen.chapter("Nothing is lost");

  const missing = (): number[] => [...confirmed].filter((id) => !handled.has(id));
  for (const giveUpAt = performance.now() + 30_000; missing().length > 0 && performance.now() < giveUpAt; )
    await sleep(50);
  if (missing().length > 0) throw new Error(`${missing().length} messages are lost`);
  const again = [...handled.values()].filter((times) => times > 1).length;
  screen.react(AUDIT, `has handled all ${confirmed.size} that were confirmed`);
  screen.react(AUDIT, `has handled ${again} of them twice, since their acknowledgements were lost`);
  await screen.reactions(2);
  screen.end("Nothing but REDIS_CLUSTER_NODES is set in the services, and none was restarted.");
}

const MASTERS = 3;
/** The story tells of the failure. */
const SILENT = { info() {}, warn() {}, error() {} };

interface Published {
  readonly confirmed: ReadonlySet<number>;
  readonly uncertain: number;
  readonly refused: number;
  readonly longestMs: number;
}

/** Publishes as a service does: what was surely not stored is tried again, what may have been is not. */
async function publishMany(service: Messaging): Promise<Published> {
  const confirmed = new Set<number>();
  let [uncertain, refused, longestMs, last] = [0, 0, 0, performance.now()];
  const publish = async (entity_id: number): Promise<void> => {
    for (;;) {
      try {
        await publishUserCreated(service, { entity_id, after_data: { email: `user-${entity_id}@example.com` } });
        confirmed.add(entity_id);
        longestMs = Math.max(longestMs, performance.now() - last);
        last = performance.now();
        return;
      } catch (error) {
        if (!(error instanceof MessagingError)) throw error;
        if (!error.retryable) return void uncertain++;
        refused++;
        await sleep(50);
      }
    }
  };
  const all: Promise<void>[] = [];
  for (let entity_id = 1; entity_id <= COUNT; entity_id++) {
    all.push(publish(entity_id));
    await sleep(1);
  }
  await Promise.all(all);
  return { confirmed, uncertain, refused, longestMs };
}
