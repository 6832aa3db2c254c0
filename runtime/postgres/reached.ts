import { ConfigError, MessagingError } from "../errors.js";

/**
 * What a database answers when something starts that needs it.
 * @throws {ConfigError} it cannot be asked
 */
export async function reached<Result>(asked: Promise<Result>, whose: string): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MessagingError) throw error;
    throw new ConfigError([unreached(error, whose)]);
  }
}

/** That a database cannot be asked, why, and what to do. */
export function unreached(error: unknown, whose: string): string {
  // Node tells of several addresses that refuse a connection by an error without a text.
  const { message, code } = error as Partial<Error> & { readonly code?: unknown };
  return `the database of the ${whose} cannot be asked: ${message || String(code)}. Check its address and that it runs`;
}
