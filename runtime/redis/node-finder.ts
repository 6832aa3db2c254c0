import type { NatMap, NodeAddress } from "../config/redis-nodes.js";

/** Finds the node that a connection is to be opened to. */
export interface NodeFinder {
  /** Whether the node must be a master. */
  readonly wantsMaster: boolean;
  /** @param isLost - whether the last node that was found could not be reached, or was lost: it may have been replaced */
  find(isLost: boolean): Promise<NodeAddress>;
}

/** The search of one connection for its node, which goes on after each loss. */
export class NodeSearch {
  readonly #finder: NodeFinder;
  #node: NodeAddress | undefined;

  constructor(finder: NodeFinder) {
    this.#finder = finder;
  }

  /** The node that was found last. */
  get node(): NodeAddress | undefined {
    return this.#node;
  }

  get wantsMaster(): boolean {
    return this.#finder.wantsMaster;
  }

  /** @throws {NodeNotFoundError} */
  async next(): Promise<NodeAddress> {
    this.#node = await this.#finder.find(this.#node !== undefined);
    return this.#node;
  }
}

/** No node could be found. Its text says what each that was asked has said. */
export class NodeNotFoundError extends Error {
  override readonly name = "NodeNotFoundError";
}

/** Where an address that a cluster or a sentinel has named is reached. */
export function reachedAt(natMap: NatMap, announced: NodeAddress): NodeAddress {
  return natMap[`${announced.host}:${announced.port}`] ?? announced;
}
