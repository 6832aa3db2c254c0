export type { Settings } from "./config/config.js";
export type { ClientOptions, ExistingClient, MakeClient } from "./config/own-client.js";
export type { ClusterOptions } from "./config/redis-cluster.js";
export type { RedisCredentials, RedisOptions } from "./config/redis-config.js";
export type { NodeAddress } from "./config/redis-nodes.js";
export type { SentinelOptions } from "./config/redis-sentinel.js";
export type { Variables } from "./config/setting-reader.js";
export { type Checks, checkSupport, type WrittenCheck } from "./contract/checks.js";
export {
  type DescriptorOptions,
  defineCommand,
  defineEvent,
  defineHealth,
  defineNotification,
} from "./contract/define.js";
export type {
  Catalogue,
  CommandDescriptor,
  Descriptor,
  Encoding,
  EventDescriptor,
  HealthDescriptor,
  MessageKind,
  NotificationDescriptor,
  Publishable,
  WithoutStandard,
} from "./contract/descriptor.js";
export { type Erasable, Erased, isErased, type Unerased } from "./contract/erased.js";
export type { JsonSchema } from "./contract/json-schema.js";
export { withStandard } from "./contract/standard.js";
export type { StandardIssue, StandardProps, StandardResult } from "./contract/standard-schema.js";
export { type Upcaster, upcaster } from "./contract/upcaster.js";
export {
  ClosedError,
  CommandFailedError,
  CommandTimeoutError,
  ConfigError,
  ConnectionError,
  ContractError,
  DecodeError,
  EncryptionError,
  type ErrorCode,
  HandlerTimeoutError,
  type Issue,
  MessageTooLargeError,
  MessagingError,
  PoisonError,
  PublishError,
  RetryAfter,
  UnrecoverableError,
  UpcastError,
  UsageError,
} from "./errors.js";
export { registerHandlerMethods } from "./handle/handler-methods.js";
export { type Correlation, currentCorrelation, withCorrelation } from "./messaging/correlation.js";
export type { ExtendedMessaging, ExtendedPlace, Extension, ExtensionParts } from "./messaging/extension.js";
export type {
  CommandHandler,
  CommandOptions,
  Handler,
  HandlerOptions,
  MessageContext,
  Responder,
  RetryOptions,
  Subscriber,
} from "./messaging/handler.js";
export type { Health, LoopState, StreamHealth } from "./messaging/health.js";
export type { Counts, DeliveryPlace, HookEvents, Hooks } from "./messaging/hooks.js";
export type {
  HandleCall,
  InterceptedCall,
  Interceptor,
  PublishAllCall,
  PublishCall,
  SendCall,
  TellCall,
} from "./messaging/interceptor.js";
export type { Logger } from "./messaging/logger.js";
export type { Matching, Messaging, Pattern, StartOptions } from "./messaging/messaging.js";
export type {
  Listening,
  ListenOptions,
  NotificationContext,
  NotificationListener,
  NotificationTarget,
} from "./messaging/notification.js";
export type { Durability, PublishAllOptions, Published, Publisher, PublishOptions } from "./messaging/publisher.js";
export type { Sender, SendOptions, Teller, TellOptions } from "./messaging/sender.js";
export type { MessagingOptions } from "./service/assemble.js";
export { createMessaging, createMessagingFor } from "./service/create-messaging.js";
export { type InitOptions, MessagingFacade } from "./service/process-messaging.js";
