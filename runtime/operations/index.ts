export {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterState,
  DeadLetters,
  type OperatorOptions,
} from "./dead-letters.js";
export { Operations, type OperationsOptions } from "./operations.js";
