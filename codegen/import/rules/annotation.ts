import { formats } from "../../../runtime/contract/format.js";
import { keywords } from "../../schema/keyword.js";
import { without } from "../raw.js";
import type { Rewrite } from "./step.js";

/** A format that nobody checks is worth a comment. */
export const commentFormat: Rewrite = (schema, { note }) => {
  const { format, $comment } = schema;
  if (typeof format !== "string" || Object.hasOwn(formats, format)) return schema;
  note("format", "format", `"${format}"`);
  const comment = `format: ${format}`;
  return { ...without(schema, "format"), $comment: typeof $comment === "string" ? `${$comment}; ${comment}` : comment };
};

/** Whatever is no keyword says nothing to a validator. It comes last, when all that means something has its new name. */
export const dropUnknown: Rewrite = (schema, { note }) => {
  const unknown = Object.keys(schema).filter((keyword) => !keywords.has(keyword));
  for (const keyword of unknown) {
    if (keyword === "discriminator") note("discriminator", keyword);
    else if (keyword === "contentSchema") note("content-schema", keyword);
    else note("unknown-keyword", keyword, `"${keyword}"`);
  }
  return unknown.length === 0 ? schema : without(schema, ...unknown);
};
