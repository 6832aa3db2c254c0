import type { PlainMessage } from "./codec.js";
import type { MessageKind } from "./descriptor.js";

/** The field that holds a message's company, by kind. A kind without one keeps it in `metadata.company_id`. */
export const companyFields: { readonly [Kind in MessageKind]?: string } = {
  event: "company_id",
  notification: "target_company_id",
};

/** The path to a message's company, as issues name it. */
export function companyPathOf(kind: MessageKind): string {
  return companyFields[kind] ?? "metadata.company_id";
}

/** The company that a message belongs to. Any kind may name it in its metadata. */
export function companyOf(kind: MessageKind, message: Readonly<PlainMessage>): number | string | undefined {
  const field = companyFields[kind];
  const metadata = message["metadata"] as PlainMessage | undefined;
  return ((field && message[field]) ?? metadata?.["company_id"]) as number | string | undefined;
}
