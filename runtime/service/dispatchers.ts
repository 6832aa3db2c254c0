import type { Broker } from "../broker/broker.js";
import { ReplyChannels } from "../command/reply-channel.js";
import { CommandResponder } from "../command/responder.js";
import type { Config } from "../config/config.js";
import type { ConsumptionParts } from "../consume/consumption.js";
import type { Sealing } from "../contract/sealing.js";
import { Dispatcher } from "../handle/dispatcher.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";

export interface DispatchersParts extends RuntimeParts {
  readonly broker: Broker;
  readonly chain: InterceptorChain | undefined;
  readonly sealing: Sealing | undefined;
}

/** Makes the dispatcher of each consumer. It answers commands by the broker. */
export function dispatchers(config: Config, parts: DispatchersParts): ConsumptionParts["dispatcherOf"] {
  const { broker, chain, sealing, clock, hooks } = parts;
  const { service, maxRetries, retryDelayMs: delayMs, handlerTimeoutMs, maxMessageBytes } = config;
  return (place, routes, handling) => {
    const { answers } = broker;
    const brokerClock = broker.clockOf(place.stream);
    const replyChannels = new ReplyChannels(config);
    const answering = { answers, brokerClock, replyChannels, chain, sealing, clock, hooks, mostBytes: maxMessageBytes };
    const dispatchPlace = { ...place, handling, retry: { maxRetries, delayMs }, handlerTimeoutMs, maxMessageBytes };
    const responding = new CommandResponder(service, answering);
    return new Dispatcher(dispatchPlace, routes, { responding, chain, sealing, clock, hooks });
  };
}
