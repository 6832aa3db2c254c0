export type { Settings } from "./config/config.js";
export type { RedisOptions } from "./config/redis-config.js";
export type { Variables } from "./config/setting-reader.js";
export * from "./contract/descriptor.js";
export type { JsonSchema } from "./contract/json-schema.js";
export * from "./errors.js";
export { registerHandlerMethods } from "./handle/handler-methods.js";
export { type Correlation, currentCorrelation, withCorrelation } from "./messaging/correlation.js";
export type * from "./messaging/handler.js";
export type * from "./messaging/health.js";
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
export type * from "./messaging/messaging.js";
export type * from "./messaging/notification.js";
export type * from "./messaging/publisher.js";
export type * from "./messaging/sender.js";
export { createMessaging, createMessagingFor, type MessagingOptions } from "./service/create-messaging.js";
export { type InitOptions, MessagingFacade } from "./service/process-messaging.js";
