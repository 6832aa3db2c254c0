import { fileOf, type Message, type Model } from "../../model/model.js";
import { printImports } from "../../typescript/import.js";
import { type CheckCode, checksOf } from "../checks.js";
import type { Layout } from "../layout.js";

/** The view of a file of checks. */
export interface ChecksFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly checks: readonly CheckCode[];
}

/** Builds the view of a message's checks. */
export function checksFileView(message: Message, model: Model, layout: Layout): ChecksFileView {
  const file = fileOf(message.definition);
  const from = layout.runtimeFrom(`checks/${file}`);
  return {
    source: `${layout.schemasName}/${file}.json`,
    imports: printImports([{ from, types: ["Checks"], values: ["checkSupport"] }]),
    checks: checksOf(message, model),
  };
}
