// rules/ holds what an import changes in a single schema, a file for each reason.

import { commentFormat, dropUnknown } from "./annotation.js";
import { restoreExtensions } from "./extension.js";
import {
  dropDefinitions,
  dropIdentifiers,
  dropLater,
  dropSiblings,
  numberBounds,
  prefixItems,
  splitDependencies,
} from "./older-draft.js";
import { listExamples, nullable } from "./open-api.js";
import { mendPatterns } from "./pattern.js";
import { addType, dropDeadValues, dropIdle, dropRepeated } from "./shape.js";
import type { Rewrite } from "./step.js";
import { replaceUnevaluated } from "./unevaluated.js";

/** All rules, in the order in which they are applied: each finds what those before it have put in order. */
export const rules: readonly Rewrite[] = [
  nullable,
  dropSiblings,
  dropLater,
  dropIdentifiers,
  dropDefinitions,
  splitDependencies,
  numberBounds,
  prefixItems,
  replaceUnevaluated,
  listExamples,
  commentFormat,
  mendPatterns,
  restoreExtensions,
  dropUnknown,
  dropIdle,
  dropRepeated,
  dropDeadValues,
  addType,
];
