import type { User, UserCreated } from "@m-erp/messaging";

/** A row of the accounts table. */
export interface AccountRow {
  readonly id: number;
  readonly email: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly password_hash: string;
}

/** What of an account the other services may know. */
export function toUser({ id, email, first_name, last_name }: AccountRow): User {
  return {
    id,
    email,
    ...(first_name === null ? {} : { first_name }),
    ...(last_name === null ? {} : { last_name }),
  };
}

/** The line that greets a new user, by name where one is known. */
export function greeting({ after_data }: UserCreated): string {
  return `Welcome, ${after_data.first_name ?? after_data.email}!`;
}
