import { type FlatFields, isJsonEntry, type PlainMessage, textReader } from "../contract/codec.js";
import { companyFields } from "../contract/company.js";

/** The company that an entry names, in either encoding and of any kind, as text. `undefined` if it names none. */
export function companyIn(entry: FlatFields): string | undefined {
  const message = messageIn(entry);
  const metadata = objectIn(message("metadata"));
  const named = [...Object.values(companyFields).map((field) => message(field)), metadata["company_id"]];
  const company = named.find((value) => value !== undefined && value !== null && value !== "");
  return company === undefined ? undefined : String(company);
}

function messageIn(entry: FlatFields): (name: string) => unknown {
  if (!isJsonEntry(entry)) return textReader(entry);
  const at = entry.findIndex((name, place) => place % 2 === 0 && name === "json");
  const message = objectIn(entry[at + 1]);
  return (name) => message[name];
}

function objectIn(value: unknown): PlainMessage {
  if (typeof value === "object" && value !== null) return value as PlainMessage;
  try {
    const parsed: unknown = JSON.parse(String(value));
    return typeof parsed === "object" && parsed !== null ? (parsed as PlainMessage) : {};
  } catch {
    return {};
  }
}
