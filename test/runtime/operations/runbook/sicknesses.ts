import {
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  userCreated,
} from "../../../../generated/index.js";
import type { ProblemCode } from "../../../../runtime/operations/index.js";
import { isOnCluster } from "../../../support/on-cluster.js";
import { startTcpProxy } from "../../../support/tcp-proxy.js";
import { patiently, type Ward } from "./ward.js";

/** A trouble that an operator may have. */
export interface Sickness {
  /** The heading of its entry in docs/operations.md. */
  readonly heading: string;
  /** Causes it. Resolves to what does what the command says that mends it; that resolves when it has been done. */
  readonly cause: (ward: Ward) => Promise<(command: string) => Promise<unknown>>;
  /** What is said first. */
  readonly code: ProblemCode;
  readonly sentence: RegExp;
  readonly command: RegExp;
}

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };

/** Starts the service whose handlers are in order; resolves when it has handled so much. */
async function startSound(ward: Ward, service: string, least = 1): Promise<unknown> {
  const messaging = ward.service(service, { announce: true, healthIntervalSeconds: 0.1 });
  onUserCreated(messaging, () => {});
  await messaging.start();
  return patiently(() => messaging.counts.handled >= least);
}

const publisher = (ward: Ward): ReturnType<Ward["service"]> => ward.service("shop");

/** What redis-cli is told, in a command that is shown. */
async function redisCli({ admin, redis }: Ward, command: string): Promise<unknown> {
  const words = command.split(" ");
  const at = words.indexOf("-p");
  const isThere = isOnCluster || words[at + 1] === String(redis.port);
  if (words[0] !== "redis-cli" || !isThere) throw new Error(`another Redis: ${command}`);
  return admin.call(words[at + 2] as string, ...words.slice(at + 3));
}

/** Redrives the letter that a command has told of. */
function redrive(ward: Ward, told: string): Promise<unknown> {
  const [, id = "", stream = ""] = /merp dead-letters redrive (\S+) --stream (\S+)/.exec(told) ?? [];
  return ward.operations().deadLetters.redrive(stream, id);
}

/** Resolves when the status says that all is well. */
function soundly(ward: Ward): Promise<unknown> {
  return patiently(
    () => ward.worst(),
    (problem) => problem === undefined || problem.severity === "notice",
  );
}

export const sicknesses: readonly Sickness[] = [
  {
    heading: "A consumer is dead",
    async cause(ward) {
      const patient = await ward.patient("billing", "hang");
      await publishUserCreated(publisher(ward), user);
      await patient.next(({ begun }) => begun !== undefined);
      await patient.stop();
      return () => startSound(ward, "billing");
    },
    code: "CONSUMER_DEAD",
    sentence: /consumer of billing-workers .* died/,
    command: /start a process of billing$/,
  },
  {
    heading: "A message kills its consumers",
    async cause(ward) {
      await publishUserCreated(publisher(ward), user);
      for (let deaths = 0; deaths < 3; deaths++) await (await ward.patient("billing", "die")).exited;
      return async (command) => {
        const told = await ward.merp(command);
        // The handler is mended.
        await redrive(ward, told);
        await startSound(ward, "billing");
        await soundly(ward);
      };
    },
    code: "MESSAGE_POISONOUS",
    sentence: /kills consumers of billing-workers/,
    command: /merp dead-letters bury events billing-workers \d+-\d+$/,
  },
  {
    heading: "A handler is slow",
    async cause(ward) {
      let isMended = false;
      const messaging = ward.service("billing", { concurrency: 1 });
      onUserCreated(messaging, ({ entity_id: id }) =>
        id === 13 && !isMended ? new Promise<void>(() => {}) : undefined,
      );
      await messaging.start();
      await publisher(ward).publishAll(userCreated, [{ ...user, entity_id: 13 }, user, user]);
      return async (command) => {
        const told = await ward.merp(command);
        // The others go on, in the same process.
        await patiently(() => messaging.counts.handled === 2);
        isMended = true;
        await redrive(ward, told);
        await patiently(() => messaging.counts.handled === 3);
        await soundly(ward);
      };
    },
    code: "HANDLER_SLOW",
    sentence: /handlers of billing are slow/,
    command: /merp dead-letters bury events billing-workers \d+-\d+$/,
  },
  {
    heading: "A group that nobody serves",
    async cause(ward) {
      await ward.admin.xgroup("CREATE", ward.key("events"), "audit-workers", "0", "MKSTREAM");
      await publishUserCreated(publisher(ward), user);
      return () => startSound(ward, "audit");
    },
    code: "GROUP_UNSERVED",
    sentence: /nobody serves audit-workers/,
    command: /start a process of audit|merp group retire events audit-workers/,
  },
  {
    heading: "A type that nobody handles",
    async cause(ward) {
      const billing = ward.service("billing");
      onUserCreated(billing, () => {});
      await billing.start();
      await ward.write("user.craeted", { entity_id: 7 });
      await patiently(() => billing.counts.skipped === 1);
      // Its producer is mended.
      return async () => {
        await ward.admin.xtrim(ward.key("events"), "MAXLEN", 0);
        await publishUserCreated(publisher(ward), user);
        await patiently(() => billing.counts.handled === 1);
      };
    },
    code: "TYPE_UNHANDLED",
    sentence: /nobody handles the type user\.craeted/,
    command: /start a service that handles it/,
  },
  {
    heading: "A producer breaks the contract",
    async cause(ward) {
      const billing = ward.service("billing");
      onUserCreated(billing, () => {});
      await billing.start();
      await ward.write("user.created", { source_service: "new-shop", event_type: "user.created", entity_id: "seven" });
      await patiently(() => billing.counts.deadLettered === 1);
      return () => discardAll(ward);
    },
    code: "CONTRACT_BROKEN",
    sentence: /new-shop breaks the contract/,
    command: /merp dead-letters groups events --group billing-workers/,
  },
  {
    heading: "Retries are stuck",
    async cause(ward) {
      const billing = ward.service("billing");
      onUserCreated(billing, () => {
        throw new Error("no room");
      });
      await billing.start();
      await publishUserCreated(publisher(ward), user);
      await patiently(() => billing.counts.retried > 0);
      await billing.close();
      return () => startSound(ward, "billing");
    },
    code: "RETRY_OVERDUE",
    sentence: /retries of billing-workers .* are stuck/,
    command: /start a process of billing|merp retry now/,
  },
  {
    heading: "A service is lost",
    async cause(ward) {
      const patient = await ward.patient("billing", "hang");
      const reports = (): Promise<number> => ward.admin.xlen(ward.key("health"));
      await patiently(reports, (count) => count >= 2);
      await patient.stop();
      return async () => {
        const messaging = ward.service("billing", { announce: true, healthIntervalSeconds: 0.1 });
        onUserCreated(messaging, () => {});
        await messaging.start();
      };
    },
    code: "SERVICE_LOST",
    sentence: /billing is lost/,
    command: /start a process of billing/,
  },
  {
    heading: "A member was overtaken",
    async cause(ward) {
      const proxy = await startTcpProxy(ward.redis);
      const reporting = { announce: true, healthIntervalSeconds: 0.1 };
      const cut = ward.service("billing", { ...reporting, redis: { url: proxy.url } });
      let release = (): void => {};
      const handling = new Promise<void>((resolve) => {
        release = resolve;
      });
      let begun = 0;
      onUserCreated(cut, () => {
        begun++;
        return handling;
      });
      await cut.start();
      await publishUserCreated(publisher(ward), user);
      await patiently(() => begun > 0);
      proxy.mode = "stall";
      await startSound(ward, "billing");
      proxy.mode = "pass";
      await patiently(() => cut.counts.overtaken > 0);
      release();
      return async () => {
        await cut.close();
        await proxy.close();
      };
    },
    code: "MEMBER_OVERTAKEN",
    sentence: /billing was cut off or stopped for longer than its lease/,
    command: /CONSUMER_LEASE/,
  },
  {
    heading: "Dead letters of several causes",
    async cause(ward) {
      let isMended = false;
      const billing = ward.service("billing", { maxRetries: 0 });
      onUserCreated(billing, () => {
        if (!isMended) throw new TypeError("no room");
      });
      onUserUpdated(billing, () => {
        if (!isMended) throw Object.assign(new Error("the database is away"), { code: "ECONNREFUSED" });
      });
      await billing.start();
      await publishUserCreated(publisher(ward), user);
      await publishUserUpdated(publisher(ward), { entity_id: 7, after_data: {}, changes: {} });
      await ward.write("user.created", { source_service: "shop", event_type: "user.created", entity_id: "seven" });
      await patiently(() => billing.counts.deadLettered === 3);
      return async () => {
        isMended = true;
        const { deadLetters } = ward.operations();
        for (const reason of ["TypeError", "ECONNREFUSED"]) await deadLetters.redriveAll("events", { reason });
        await patiently(() => billing.counts.handled === 2);
        await discardAll(ward);
      };
    },
    code: "LETTERS_OPEN",
    sentence: /3 dead letters of 3 causes/,
    command: /merp dead-letters groups events --group billing-workers/,
  },
  {
    heading: "Redis' memory is full",
    async cause(ward) {
      const used = Number(/used_memory:(\d+)/.exec(await ward.admin.info("memory"))?.[1]);
      await publishUserCreated(publisher(ward), user);
      await ward.admin.config("SET", "maxmemory", used);
      await publishUserCreated(publisher(ward), user).catch(() => {});
      return async (command) => {
        await redisCli(ward, command);
        await publishUserCreated(publisher(ward), user);
      };
    },
    code: "REDIS_FULL",
    sentence: isOnCluster ? /The memory of Redis at \S+ is full/ : /Redis' memory is full/,
    command: /redis-cli .*config set maxmemory \d+mb/,
  },
  {
    heading: "Redis evicts",
    async cause(ward) {
      const { admin } = ward;
      const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
      await admin.config("SET", "maxmemory-policy", "allkeys-lru");
      await admin.config("SET", "maxmemory", used + 1_000_000);
      for (let at = 0; at < 40; at++) await admin.set(ward.key(`cache:${at}`), "x".repeat(100_000));
      return (command) => redisCli(ward, command);
    },
    code: "REDIS_EVICTS",
    sentence: isOnCluster ? /Redis at \S+ evicts: \d+ key/ : /Redis evicts: \d+ key/,
    command: /redis-cli .*config set maxmemory-policy noeviction/,
  },
];

async function discardAll(ward: Ward): Promise<void> {
  const { deadLetters } = ward.operations();
  for await (const { id } of deadLetters.list("events", { state: "open" })) {
    await deadLetters.discard("events", id, "its producer is mended");
  }
}
