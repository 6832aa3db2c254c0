import type { Broker } from "../broker/broker.js";
import type { Config } from "../config/config.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import type { Clock } from "../time/clock.js";
import type { StreamRoutes } from "./router.js";

/** What a replay needs of a messaging. */
export interface ReplayParts {
  readonly config: Config;
  readonly broker: Broker;
  readonly chain: InterceptorChain | undefined;
  readonly clock: Clock;
  readonly isStarted: boolean;
  /** Its handlers so far. */
  routes(): readonly StreamRoutes[];
}

/** Where a messaging gives them. A process may hold two copies of this package: the service's and that of the command. */
export const REPLAYABLE: unique symbol = Symbol.for("@m-erp/messaging/replayable") as never;

/** A messaging whose handlers can be run again. */
export interface Replayable {
  readonly [REPLAYABLE]: ReplayParts;
}
