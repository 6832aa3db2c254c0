import type { Config } from "../config/config.js";
import type { Catalogue } from "../contract/descriptor.js";
import type { Sealing } from "../contract/sealing.js";
import type { OutboxHealth } from "../messaging/health.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { OutgoingCall } from "../messaging/interceptor.js";
import type { MessagePublisher } from "./publisher.js";
import type { MessageTransfer } from "./transfer.js";

/** What an outbox and its relay need of a messaging. */
export interface RelayParts extends RuntimeParts {
  readonly config: Config;
  readonly catalogue: Catalogue;
  readonly sealing: Sealing | undefined;
  readonly publisher: MessagePublisher;
  readonly transfer: MessageTransfer;
  /** Passes a call through the interceptors, and then does with it what is done instead of publishing. */
  through<Result>(call: OutgoingCall, make: (call: OutgoingCall) => Promise<Result>): Promise<Result>;
  /** Has `health()` tell of the outbox, until the returned function is called. */
  tellOf(outbox: () => Promise<OutboxHealth>): () => void;
}

/** Where a messaging has them. A process may hold two copies of this package: the service's and that of the command. */
const RELAYABLE = Symbol.for("@m-erp/messaging/relayable");

/** Lets an outbox write the messages of a messaging, and a relay publish them. */
export function makeRelayable(messaging: object, parts: RelayParts): void {
  Object.defineProperty(messaging, RELAYABLE, { value: parts });
}

/** `undefined` for what is no messaging. */
export function relayPartsOf(messaging: unknown): RelayParts | undefined {
  return (messaging as { readonly [RELAYABLE]?: RelayParts } | null | undefined)?.[RELAYABLE];
}
