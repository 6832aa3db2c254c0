export {
  type CorrelateBy,
  defineSaga,
  type OnOptions,
  type Refusal,
  type Saga,
  type SagaOptions,
  type StepOf,
  type Steps,
} from "./definition.js";
export type { SagaStatus } from "./instance.js";
export {
  type SagaAsk,
  type SagaDetails,
  SagaOperations,
  type SagaSelection,
  type SagaSummary,
} from "./operations.js";
export { type Sagas, startSagas } from "./sagas.js";
export type { SagasOptions } from "./sagas-options.js";
export type { AskOptions, Step } from "./step.js";
