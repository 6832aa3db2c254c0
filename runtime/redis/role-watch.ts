import type { Redis } from "ioredis";
import { field } from "./reply.js";

/** The connection that is watched. */
interface Watched {
  readonly client: Redis;
  readonly isReady: boolean;
  readonly session: number;
}

/**
 * Asks a node for its role now and then. A subscriber, or a service that publishes now and then, may send nothing for hours. It
 * must notice all the same that the link is dead, or that its master has become a replica, which still answers. `HELLO`
 * needs no rights.
 */
export class RoleWatch {
  readonly #connection: Watched;
  /** Once it has had a master, it leaves a replica. One that was directed to a replica on purpose stays there. */
  #hasHadMaster = false;

  constructor(connection: Watched) {
    this.#connection = connection;
  }

  /** @param leave - called when the node was a master and is none any more */
  ask(leave: () => void): void {
    if (!this.#connection.isReady) return;
    const { session, client } = this.#connection;
    const learn = (reply: unknown[]): void => {
      const role = field(reply, "role");
      if (role === "master") this.#hasHadMaster = true;
      else if (role !== undefined && this.#hasHadMaster && session === this.#connection.session) leave();
    };
    // Where a proxy does not know it, there is no role to ask for.
    (client.hello() as Promise<unknown[]>).then(learn, () => client.ping().catch(() => {}));
  }

  /** The same of a node that need not be a master, but must be one of a cluster that is whole: it passes on what others publish. */
  askCluster(leave: () => void): void {
    if (!this.#connection.isReady) return;
    const { session, client } = this.#connection;
    const learn = (reply: unknown): void => {
      if (String(reply).includes("cluster_state:fail") && session === this.#connection.session) leave();
    };
    client.cluster("INFO").then(learn, () => client.ping().catch(() => {}));
  }
}
