export type { Catalogue, Encoding } from "./catalogue.js";
export type { NotificationTarget } from "./channel.js";
export type { RedisOptions, Settings } from "./config.js";
export { type Correlation, currentCorrelation, withCorrelation } from "./correlation.js";
export { createMessaging, createMessagingFor } from "./create-messaging.js";
export {
  type CommandDescriptor,
  type Descriptor,
  type DescriptorOptions,
  defineCommand,
  defineEvent,
  defineHealth,
  defineNotification,
  type EventDescriptor,
  type HealthDescriptor,
  type MessageKind,
  type NotificationDescriptor,
  type Publishable,
} from "./descriptor.js";
export {
  ClosedError,
  CommandFailedError,
  CommandTimeoutError,
  ConfigError,
  ConnectionError,
  ContractError,
  DecodeError,
  type ErrorCode,
  HandlerTimeoutError,
  type Issue,
  MessagingError,
  PoisonError,
  PublishError,
  RetryAfter,
  UnrecoverableError,
} from "./errors.js";
export { type InitOptions, MessagingFacade } from "./facade.js";
export type {
  CommandHandler,
  CommandOptions,
  Handler,
  HandlerOptions,
  MessageContext,
  RetryOptions,
} from "./handler.js";
export { registerHandlerMethods } from "./handler-methods.js";
export type { Health, LoopState, StreamHealth } from "./health.js";
export type { Counts, DeliveryPlace, HookEvents, Hooks } from "./hooks.js";
export type { JsonSchema } from "./json-schema.js";
export type { Listening, ListenOptions, NotificationContext, NotificationListener } from "./listener.js";
export type { Logger } from "./logger.js";
export type {
  Matching,
  Messaging,
  Pattern,
  PublishAllOptions,
  Published,
  Publisher,
  PublishOptions,
  Responder,
  Sender,
  SendOptions,
  StartOptions,
  Subscriber,
  TellOptions,
} from "./messaging.js";
export type { MessagingOptions } from "./service.js";
export type { Environment } from "./setting.js";
