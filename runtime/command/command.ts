/**
 * What the metadata of a command says whose id was made for it, and which was sent but once: `send` makes an id for each
 * and repeats none. At its first delivery such a command cannot have been answered before.
 */
export const SENT_ONCE = { sent: "once" } as const;

/** Whether a command's sender says that there is no other entry with its id. */
export function isSentOnce(command: Readonly<Record<string, unknown>>): boolean {
  const metadata = command["metadata"] as { readonly sent?: unknown } | undefined;
  return metadata?.sent === SENT_ONCE.sent;
}
