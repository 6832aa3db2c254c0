import { InvalidArgumentError } from "commander";

/** Reads an option that may be given several times. */
export function repeated(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, text];
}

/** Reads a number of things. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}
