import type { Redis } from "ioredis";
import type { RedisOptions } from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { Stage } from "../faults/stage.js";
import { PublisherProcess } from "./publisher-process.js";

/** Several Redis servers that stand in for each other, and what can happen to them. */
export interface Installation {
  /** For `redis` of a messaging. */
  readonly address: RedisOptions;
  /** A client that finds the master of each key. */
  connect(): Redis;
  masterOf(key: string): Promise<RedisServer>;
  replicaOf(master: RedisServer): Promise<RedisServer>;
  replaced(former: RedisServer, key: string): Promise<RedisServer>;
  failOver(key: string): Promise<RedisServer>;
  mend(): Promise<void>;
  flush(): Promise<void>;
}

/** A stage on an installation that stages before it have used: it mends it, and begins with no data. */
export class SharedStage extends Stage<AsyncDisposable> {
  readonly installation: Installation;
  #publishers = 0;

  private constructor(installation: Installation, address: RedisOptions) {
    super({ async [Symbol.asyncDispose]() {} }, address, installation.connect());
    this.installation = installation;
  }

  static async on(installation: Installation, address: RedisOptions = {}): Promise<SharedStage> {
    await installation.mend();
    await installation.flush();
    return new SharedStage(installation, { ...installation.address, ...address });
  }

  /** Starts a publisher in a process of its own. */
  async startPublisher(everyMs = 1): Promise<PublisherProcess> {
    const from = 1_000_000 * ++this.#publishers;
    return PublisherProcess.start({ redis: this.address, from, everyMs }, this.ledger);
  }

  /** The numbers of all messages in their stream's order. */
  stream(): Promise<number[]> {
    return serialsOf(this.client);
  }
}

/** The numbers of all messages in a stream's order. */
export async function serialsOf(client: Redis): Promise<number[]> {
  const entries = await client.xrange("events", "-", "+");
  return entries.map(([, fields]) => Number(/"serial":(\d+)/.exec(fields.join(" "))?.[1]));
}
