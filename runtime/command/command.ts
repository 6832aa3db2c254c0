/** How long a sender waits where neither it nor the schema says, in seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 30;

/** The longest time limit of a command, in seconds: 30 days. An answer is kept for as long. */
export const MOST_TIMEOUT_SECONDS = 2_592_000;

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
