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
    const text = `the database of the ${whose} cannot be asked: ${(error as Error).message}. Check its address and that it runs`;
    throw new ConfigError([text]);
  }
}
