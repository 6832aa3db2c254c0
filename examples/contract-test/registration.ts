import type { User, UserCreated } from "@m-erp/messaging";

/** A row of the accounts table. */
export interface AccountRow {
  readonly id: number;
  readonly email: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly password_hash: string;
}

/** The part of an account that other services may see. */
export function toUser({ id, email, first_name, last_name }: AccountRow): User {
  return {
    id,
    email,
    ...(first_name === null ? {} : { first_name }),
    ...(last_name === null ? {} : { last_name }),
  };
}

/** The greeting for a new user: by first name if it is known, otherwise by email address. */
export function greeting({ after_data }: UserCreated): string {
  return `Welcome, ${after_data.first_name ?? after_data.email}!`;
}
