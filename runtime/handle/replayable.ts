import type { Broker } from "../broker/broker.js";
import type { Config } from "../config/config.js";
import type { Sealing } from "../contract/sealing.js";
import type { HookBus } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import type { Clock } from "../time/clock.js";
import type { StreamRoutes } from "./router.js";

/** What a replay needs of a messaging. */
export interface ReplayParts {
  readonly config: Config;
  readonly broker: Broker;
  readonly chain: InterceptorChain | undefined;
  readonly sealing: Sealing | undefined;
  readonly clock: Clock;
  readonly hooks: HookBus;
  readonly isStarted: boolean;
  /** Its handlers so far. */
  routes(): readonly StreamRoutes[];
}

/** Where a messaging has them. A process may hold two copies of this package: the service's and that of the command. */
const REPLAYABLE = Symbol.for("@m-erp/messaging/replayable");

/** Lets a replay run the handlers of a messaging. */
export function makeReplayable(messaging: object, parts: () => ReplayParts): void {
  Object.defineProperty(messaging, REPLAYABLE, { get: parts });
}

/** `undefined` for what is no messaging. */
export function replayPartsOf(messaging: unknown): ReplayParts | undefined {
  return (messaging as { readonly [REPLAYABLE]?: ReplayParts } | null | undefined)?.[REPLAYABLE];
}
