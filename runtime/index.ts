export type { Settings } from "./config/config.js";
export type { RedisOptions } from "./config/redis-config.js";
export type { Variables } from "./config/setting-reader.js";
export type { Catalogue, Encoding } from "./contract/catalogue.js";
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
} from "./contract/descriptor.js";
export type { JsonSchema } from "./contract/json-schema.js";
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
  UsageError,
} from "./errors.js";
export { registerHandlerMethods } from "./handle/handler-methods.js";
export { type Correlation, currentCorrelation, withCorrelation } from "./messaging/correlation.js";
export type {
  CommandHandler,
  CommandOptions,
  Handler,
  HandlerOptions,
  MessageContext,
  RetryOptions,
} from "./messaging/handler.js";
export type { Counts, DeliveryPlace, HookEvents, Hooks } from "./messaging/hooks.js";
export type { Logger } from "./messaging/logger.js";
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
} from "./messaging/messaging.js";
export type { NotificationTarget } from "./notification/channel.js";
export type { Listening, ListenOptions, NotificationContext, NotificationListener } from "./notification/hub.js";
export { createMessaging, createMessagingFor } from "./service/create-messaging.js";
export type { Health, LoopState, StreamHealth } from "./service/health.js";
export { type InitOptions, MessagingFacade } from "./service/process-messaging.js";
export type { MessagingOptions } from "./service/service-messaging.js";
