// check/ finds every problem of a catalogue; it may import model/, load/, schema/, the runtime's contract and errors.

import { during } from "../load/failure.js";
import type { Sources } from "../load/load.js";
import type { Problem } from "../load/problem.js";
import type { Model } from "../model/model.js";
import { checkEffort } from "./effort.js";
import { checkEncrypt } from "./encrypt.js";
import { checkFieldsEncoding } from "./fields-encoding.js";
import { checkFolder } from "./folder.js";
import { checkIdle } from "./idle.js";
import { checkImpossible } from "./impossible.js";
import { checkMessages } from "./message.js";
import { checkNames } from "./name.js";
import { checkPaths } from "./path.js";
import { checkReferences } from "./reference.js";
import { checkRequired } from "./required.js";
import { checkStructure, hidesValues } from "./structure.js";
import { checkTrials } from "./trial.js";
import { checkValues } from "./value.js";

/**
 * Finds every problem of a catalogue in one run. Checks that need sound schemas, such as the validation of examples,
 * skip the others, so that one mistake is reported once.
 */
export async function check(sources: Sources, model: Model): Promise<readonly Problem[]> {
  const structure = sources.schemas.flatMap((source) =>
    during("checking", source.shownPath, () => [...source.syntaxProblems, ...checkStructure(source)]),
  );
  const references = checkReferences(model);
  const required = checkRequired(model);
  const idle = checkIdle(model);
  const severe = [...structure.filter(hidesValues), ...idle, ...references, ...model.flattener.problems, ...required];
  const unsound = new Set(severe.map(({ file }) => file));
  const found = [
    ...structure,
    ...references,
    ...model.flattener.problems,
    ...checkPaths(model),
    ...sources.schemas.flatMap(checkFolder),
    ...checkNames(model),
    ...checkMessages(model),
    ...required,
    ...idle,
    ...(model.config.encoding === "fields" ? checkFieldsEncoding(model) : []),
    ...checkEncrypt(model),
    ...checkImpossible(model, unsound),
    ...checkEffort(model, unsound),
    ...(await checkValues(model, unsound)),
  ];
  return [...found, ...(await checkTrials(model, new Set(found.map(({ file }) => file))))];
}
