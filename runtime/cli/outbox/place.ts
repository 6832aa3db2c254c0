import { InvalidArgumentError } from "commander";

/** Reads the place of a message in the outbox. */
export function placeOption(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be the place of a message, a whole number, as merp outbox list has it.");
}

/** Reads several. */
export function placesOption(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, placeOption(text)];
}
