/**
 * Metadata of a command whose id was made for it and that is sent once: `send` makes an id for each command and repeats
 * none. At its first delivery such a command cannot have been answered.
 */
export const SENT_ONCE = { sent: "once" } as const;

/** Whether a command's sender states that no other entry has its id. */
export function isSentOnce(command: Readonly<Record<string, unknown>>): boolean {
  const metadata = command["metadata"] as { readonly sent?: unknown } | undefined;
  return metadata?.sent === SENT_ONCE.sent;
}
