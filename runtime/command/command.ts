import type { CommandDescriptor } from "../contract/descriptor.js";

/** How long a sender waits where neither it nor the schema says, in seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 30;

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

/** The target service and the time limit of a command: those of its sender, else those of its schema. */
export function commandDefaults(
  descriptor: CommandDescriptor<unknown, never, unknown>,
  given: { readonly targetService?: string; readonly timeoutSeconds?: number },
): { readonly target: string; readonly timeoutMs: number } {
  const properties = descriptor.schema.properties ?? {};
  const target = given.targetService ?? properties["target_service"]?.default ?? properties["target_service"]?.const;
  const seconds = given.timeoutSeconds ?? properties["timeout"]?.default ?? DEFAULT_TIMEOUT_SECONDS;
  return { target: String(target ?? "the target service"), timeoutMs: Number(seconds) * 1000 };
}
