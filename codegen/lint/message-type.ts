import type { MessageKind } from "../../runtime/contract/descriptor.js";
import { kindOfFolder } from "../model/kind.js";
import type { Found } from "./finding.js";
import type { Site } from "./site.js";
import { wordsOf } from "./words.js";

/** A message's type, at the place where the file states it. */
export interface StatedType {
  readonly site: Site;
  readonly kind: MessageKind;
  readonly type: string;
}

const EVENT = {
  form: /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/,
  separator: ".",
  sentence: "the type of an event is what it is about and what happened, with a point between them, as in order.placed",
} as const;
const OTHER = {
  form: /^[a-z][a-z0-9]*([_.][a-z0-9]+)*$/,
  separator: "_",
  sentence: "the type of a command or a notification is lower-case words with _ between them, as in reserve_stock",
} as const;

/** The type that a message file states; `undefined` for any other file. */
export function statedTypeOf(sites: readonly Site[]): StatedType | undefined {
  const kind = kindOfFolder(sites[0]?.source.folder ?? "");
  const site = sites.find(
    ({ path }) => path.length === 2 && path[0] === "properties" && path[1] === kind?.typeProperty,
  );
  const type: unknown = site?.schema.const;
  return kind === undefined || site === undefined || typeof type !== "string"
    ? undefined
    : { site, kind: kind.kind, type };
}

/** Finds types of messages that are not written as the others. */
export function findTypeForms(sites: readonly Site[]): readonly Found[] {
  const stated = statedTypeOf(sites);
  if (stated === undefined) return [];
  const { form, separator, sentence } = stated.kind === "event" ? EVENT : OTHER;
  if (form.test(stated.type)) return [];
  const meant = wordsOf(stated.type).join(separator);
  return [{ site: stated.site, way: ["const"], sentence, suggestion: form.test(meant) ? `"${meant}"` : undefined }];
}
